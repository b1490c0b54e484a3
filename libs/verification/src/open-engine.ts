import { join } from 'node:path';

import type { Configuration } from '#config';
import { cloudProviders, Keychain } from '#keychain';
import {
  CREDENTIAL_FILES,
  Credentials,
  type CredentialSource,
  type HttpTransport,
  type PullCredential,
  readCredentials,
  readUserCredentials,
} from '#registry';
import { FloorStore } from '#validator-notaryv1';

import { createValidators, type NotaryMemory } from './create-validators.js';
import { VerificationEngine } from './engine.js';

export interface EngineOptions {
  readonly transport: HttpTransport;
  /** Directory with one folder for each `secretName`. */
  readonly secretsDirectory: string | undefined;
  /**
   * Text of a user's Docker configuration: the credentials of validators without `auth`, and without a secrets directory
   * also of those that name a secret. Without either, a validator that names a secret denies.
   */
  readonly dockerConfig: string | undefined;
  /** Text of a file, `undefined` where there is none. */
  readonly readFile: (path: string) => string | undefined;
  /** Default: versions of trust data are remembered by this engine alone. */
  readonly notary?: NotaryMemory;
  /** Credentials of the environment, for `auth.useKeychain`; see {@link openKeychain}. Default: there are none. */
  readonly keychain?: CredentialSource;
  /** What one object brought along; the engine's verdicts are then for questions of that scope only. */
  readonly pull?: PullCredential;
  readonly clock: () => Date;
  readonly onFault: (error: unknown) => void;
}

/** Names of secrets are names of folders, never paths. RFC 1123 subdomain, as Kubernetes has it. */
const SECRET_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Configuration to engine: reads the secrets that it names and sets its validators up. */
export function openEngine(configuration: Configuration, given: EngineOptions): VerificationEngine {
  // An engine with credentials of an object has the same secrets as the one beside it, also after they were rotated.
  const options = { ...given, readFile: readOnce(given.readFile) };
  const { transport, clock, onFault, dockerConfig, pull } = options;
  const userCredentials = dockerConfig === undefined ? Credentials.none : readUserCredentials(dockerConfig);
  const usesOwn = options.secretsDirectory === undefined && dockerConfig !== undefined;
  const set = createValidators(configuration, {
    transport,
    readSecret: (name, defaultHost) => (usesOwn ? userCredentials : readSecret(name, options, defaultHost)),
    userCredentials,
    keychain: options.keychain ?? Credentials.none,
    pullCredentials: pull?.credentials(),
    notary: options.notary ?? newNotaryMemory(),
  });
  const openWithin = (own: PullCredential): VerificationEngine =>
    openEngine(configuration, { ...options, pull: own });
  return new VerificationEngine(configuration, set, { clock, onFault, pullScope: pull?.scopeId, openWithin });
}

function readOnce(readFile: EngineOptions['readFile']): EngineOptions['readFile'] {
  const texts = new Map<string, string | undefined>();
  return (path) => {
    if (!texts.has(path)) texts.set(path, readFile(path));
    return texts.get(path);
  };
}

/** The credentials that an environment gives. One for a process: it keeps tokens. Loads nothing before a cloud registry is asked. */
export function openKeychain(
  transport: HttpTransport,
  env: Readonly<Record<string, string | undefined>>,
): CredentialSource {
  return new Keychain({ providers: cloudProviders({ transport, env }) });
}

/** A memory of versions that nobody else shares, and that tells nobody. */
export function newNotaryMemory(): NotaryMemory {
  return { floors: new FloorStore(), observe: () => undefined };
}

function readSecret(
  name: string,
  { secretsDirectory, readFile }: EngineOptions,
  defaultHost: string | undefined,
): Credentials {
  if (!SECRET_NAME.test(name) || name.includes('..')) throw new Error(`"${name}" is not a secret's name`);
  if (secretsDirectory === undefined)
    throw new Error(`secret "${name}" is needed and there is no secrets directory`);
  const files = new Map<string, string>();
  for (const file of CREDENTIAL_FILES) {
    const text = readFile(join(secretsDirectory, name, file));
    if (text !== undefined) files.set(file, text);
  }
  if (files.size === 0) {
    throw new Error(
      `secret "${name}" cannot be read: expected ${CREDENTIAL_FILES.join(' or ')} in ${join(secretsDirectory, name)}`,
    );
  }
  return readCredentials(files, defaultHost);
}

import type { AuthConfig, Configuration, CosignConfig, NotaryV1Config, ValidatorConfig } from '#config';
import {
  Credentials,
  type CredentialSource,
  type HttpTransport,
  LayeredCredentials,
  RegistryClient,
  TrustDataClient,
} from '#registry';
import { type Validator, ValidatorSetupError } from '#validator';
import { CosignValidator, logKeysFor, RegistrySignatureSource } from '#validator-cosign';
import { FloorStore, type NotaryObserver, NotaryV1Validator, ServerFileSource } from '#validator-notaryv1';
import { StaticValidator } from '#validator-static';

import type { ValidatorSet } from './engine.js';
import { patternHosts } from './named-hosts.js';

/** What validators need beside their configuration. */
export interface ValidatorDependencies {
  readonly transport: HttpTransport;
  /** Credentials of a `secretName`; throws where the secret cannot be read. */
  readonly readSecret: (secretName: string, defaultHost?: string) => Credentials;
  /** Credentials for validators without `auth`: the user's own, in the cli. */
  readonly userCredentials: Credentials;
  /** Credentials of the environment, for validators with `auth.useKeychain`. */
  readonly keychain: CredentialSource;
  /** What one object brought along for its images' registries; asked where a validator has nothing of its own. */
  readonly pullCredentials?: Credentials | undefined;
  /** What notary validators remember of versions and whom they tell; outlives a configuration. */
  readonly notary: NotaryMemory;
}

export interface NotaryMemory {
  readonly floors: FloorStore;
  readonly observe: NotaryObserver;
}

/** Every validator of a configuration: the only place that knows all kinds. One that cannot be set up denies, alone. */
export function createValidators(
  configuration: Configuration,
  dependencies: ValidatorDependencies,
): ValidatorSet {
  const validators = new Map<string, Validator | ValidatorSetupError>();
  const found: FoundCredentials = { scopes: [], registry: new Map() };
  for (const config of configuration.validators) {
    validators.set(config.name, create(config, configuration, dependencies, found));
  }
  return { validators, credentialScopes: found.scopes, registryCredentials: found.registry };
}

/** The credentials of validators by name, without those of an object. */
interface FoundCredentials {
  readonly scopes: string[];
  /** Only of those that look into the image's own registry. */
  readonly registry: Map<string, CredentialSource>;
}

function create(
  config: ValidatorConfig,
  configuration: Configuration,
  dependencies: ValidatorDependencies,
  found: FoundCredentials,
): Validator | ValidatorSetupError {
  switch (config.type) {
    case 'static':
      return new StaticValidator(config);
    case 'cosign':
      return createCosign(config, configuration, dependencies, found);
    case 'notaryv1':
      return createNotaryV1(config, dependencies, found);
    case 'notation':
      return new ValidatorSetupError(
        `validator "${config.name}": type ${config.type} is not part of this version`,
      );
  }
}

function createCosign(
  config: CosignConfig,
  { registries, policy }: Configuration,
  dependencies: ValidatorDependencies,
  found: FoundCredentials,
): Validator | ValidatorSetupError {
  try {
    const { transport, pullCredentials } = dependencies;
    const own = credentialsOf(config.auth, dependencies);
    found.scopes.push(`${config.name}=${own.scopeId}`);
    found.registry.set(config.name, own);
    const client = new RegistryClient({
      transport,
      // Whoever writes a Pod chooses its pull secrets: they come after what the operator chose.
      credentials: pullCredentials === undefined ? own : new LayeredCredentials([own, pullCredentials]),
      registries,
      namedHosts: patternHosts(policy),
      ca: config.cert,
    });
    return new CosignValidator(config, {
      source: new RegistrySignatureSource(client),
      logKeys: logKeysFor(config.host.rekorPubkey),
    });
  } catch (cause) {
    return setupError(config, cause);
  }
}

function createNotaryV1(
  config: NotaryV1Config,
  dependencies: ValidatorDependencies,
  found: FoundCredentials,
): Validator | ValidatorSetupError {
  try {
    const server = new URL(config.host);
    const { transport, notary } = dependencies;
    const credentials = credentialsOf(config.auth, dependencies, server.host);
    found.scopes.push(`${config.name}=${credentials.scopeId}`);
    const client = new TrustDataClient({ transport, server, credentials, ca: config.cert });
    return new NotaryV1Validator(config, { source: new ServerFileSource(client), ...notary });
  } catch (cause) {
    return setupError(config, cause);
  }
}

function setupError({ name }: ValidatorConfig, cause: unknown): ValidatorSetupError {
  if (cause instanceof ValidatorSetupError) return cause;
  const why = cause instanceof Error ? cause.message : 'it cannot be set up';
  return new ValidatorSetupError(`validator "${name}": ${why}`, { cause });
}

/** `defaultHost` gets the credentials that name no host. */
function credentialsOf(
  auth: AuthConfig,
  { readSecret, userCredentials, keychain }: ValidatorDependencies,
  defaultHost?: string,
): CredentialSource {
  switch (auth.kind) {
    case 'none':
      return userCredentials;
    case 'secret':
      return readSecret(auth.secretName, defaultHost);
    case 'inline': {
      const { registry = defaultHost, username, password } = auth;
      if (registry === undefined) throw new Error('auth needs "registry" beside username and password');
      return new Credentials([{ key: registry, username, password: password.reveal() }]);
    }
    case 'keychain':
      return new LayeredCredentials([userCredentials, keychain]);
  }
}

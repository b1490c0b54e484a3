import type { AuthConfig, Configuration, CosignConfig, NotaryV1Config, ValidatorConfig } from '#config';
import { Credentials, type HttpTransport, RegistryClient, TrustDataClient } from '#registry';
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
  const scopes: string[] = [];
  const validators = new Map<string, Validator | ValidatorSetupError>();
  for (const config of configuration.validators) {
    validators.set(config.name, create(config, configuration, dependencies, scopes));
  }
  return { validators, credentialScopes: scopes };
}

function create(
  config: ValidatorConfig,
  configuration: Configuration,
  dependencies: ValidatorDependencies,
  scopes: string[],
): Validator | ValidatorSetupError {
  switch (config.type) {
    case 'static':
      return new StaticValidator(config);
    case 'cosign':
      return createCosign(config, configuration, dependencies, scopes);
    case 'notaryv1':
      return createNotaryV1(config, dependencies, scopes);
    case 'notation':
      return new ValidatorSetupError(
        `validator "${config.name}": type ${config.type} is not part of this version`,
      );
  }
}

function createCosign(
  config: CosignConfig,
  { registries, policy }: Configuration,
  { transport, readSecret, userCredentials }: ValidatorDependencies,
  scopes: string[],
): Validator | ValidatorSetupError {
  try {
    const credentials = credentialsOf(config.auth, readSecret, userCredentials);
    scopes.push(`${config.name}=${credentials.scopeId}`);
    const client = new RegistryClient({
      transport,
      credentials,
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
  { transport, readSecret, userCredentials, notary }: ValidatorDependencies,
  scopes: string[],
): Validator | ValidatorSetupError {
  try {
    const server = new URL(config.host);
    const credentials = credentialsOf(config.auth, readSecret, userCredentials, server.host);
    scopes.push(`${config.name}=${credentials.scopeId}`);
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
  readSecret: ValidatorDependencies['readSecret'],
  userCredentials: Credentials,
  defaultHost?: string,
): Credentials {
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
      throw new Error('auth.useKeychain is not part of this version; use auth.secretName');
  }
}

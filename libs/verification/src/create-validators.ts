import type { AuthConfig, Configuration, CosignConfig, ValidatorConfig } from '#config';
import { Credentials, type HttpTransport, RegistryClient } from '#registry';
import { type Validator, ValidatorSetupError } from '#validator';
import { CosignValidator, logKeysFor, RegistrySignatureSource } from '#validator-cosign';
import { StaticValidator } from '#validator-static';

import type { ValidatorSet } from './engine.js';
import { patternHosts } from './named-hosts.js';

/** What validators need beside their configuration. */
export interface ValidatorDependencies {
  readonly transport: HttpTransport;
  /** Credentials of a `secretName`; throws where the secret cannot be read. */
  readonly readSecret: (secretName: string) => Credentials;
  /** Credentials for validators without `auth`: the user's own, in the cli. */
  readonly userCredentials: Credentials;
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
    if (cause instanceof ValidatorSetupError) return cause;
    const why = cause instanceof Error ? cause.message : 'it cannot be set up';
    return new ValidatorSetupError(`validator "${config.name}": ${why}`, { cause });
  }
}

function credentialsOf(
  auth: AuthConfig,
  readSecret: (name: string) => Credentials,
  userCredentials: Credentials,
): Credentials {
  switch (auth.kind) {
    case 'none':
      return userCredentials;
    case 'secret':
      return readSecret(auth.secretName);
    case 'inline': {
      const { registry, username, password } = auth;
      if (registry === undefined) throw new Error('auth needs "registry" beside username and password');
      return new Credentials([{ key: registry, username, password: password.reveal() }]);
    }
    case 'keychain':
      throw new Error('auth.useKeychain is not part of this version; use auth.secretName');
  }
}

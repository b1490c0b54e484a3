import { CredentialsError } from './credentials-error.js';
import { Credentials } from './credentials.js';
import { parseDockerConfig } from './docker-config.js';
import { parseSecretYaml } from './secret-yaml.js';

/** The files of a mounted secret, in the order in which they are looked for. */
export const CREDENTIAL_FILES = ['secret.yaml', '.dockerconfigjson'] as const;

/**
 * The credentials in the files of a mounted secret: `secret.yaml`, else `.dockerconfigjson`. `defaultRegistry` is the host
 * for a `secret.yaml` that names none. Throws CredentialsError.
 */
export function readCredentials(files: ReadonlyMap<string, string>, defaultRegistry?: string): Credentials {
  const [yamlName, jsonName] = CREDENTIAL_FILES;
  const yaml = files.get(yamlName);
  if (yaml !== undefined) return new Credentials([parseSecretYaml(yaml, defaultRegistry)]);
  const json = files.get(jsonName);
  if (json !== undefined) return new Credentials(parseDockerConfig(json, { onBad: 'error' }).entries);
  throw new CredentialsError('no-file', `expected ${CREDENTIAL_FILES.join(' or ')} in the secret`);
}

/** The credentials in the text of a user's `~/.docker/config.json`; entries kept by a credential helper are left out. */
export function readUserCredentials(dockerConfig: string): Credentials {
  return new Credentials(parseDockerConfig(dockerConfig, { onBad: 'skip-empty' }).entries);
}

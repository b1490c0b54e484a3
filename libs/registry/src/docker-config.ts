import { CredentialsError } from './credentials-error.js';
import type { CredentialEntry } from './credentials.js';
import { REGISTRY_LIMITS } from './limits.js';
import { isJsonObject, member, parseStrictJson } from './strict-json.js';

/** `dockercfg` is the older form: the entries without the `auths` around them. */
export type DockerConfigFormat = 'dockerconfigjson' | 'dockercfg';

export interface DockerConfigOptions {
  readonly format?: DockerConfigFormat;
  /**
   * What becomes of an entry without credentials: an error where somebody made the file for us, left out where it is the
   * user's own (`skip-empty`) or a Pod's (`skip`, which also leaves out entries that cannot be read).
   */
  readonly onBad: 'error' | 'skip-empty' | 'skip';
}

/**
 * The entries of a Docker configuration (`.dockerconfigjson`, `~/.docker/config.json`): `auths.<key>.auth` in strict base64,
 * else `username` and `password`. Identity tokens and credential helpers are not used. `left` counts those that were left
 * out. Throws CredentialsError.
 */
export function parseDockerConfig(
  text: string,
  { format = 'dockerconfigjson', onBad }: DockerConfigOptions,
): { readonly entries: readonly CredentialEntry[]; readonly left: number } {
  const document = parseObject(text);
  const auths = format === 'dockercfg' ? document : (member(document, 'auths') ?? {});
  if (!isJsonObject(auths)) throw wrongShape('auths to be an object');
  const all = Object.entries(auths);
  if (all.length > REGISTRY_LIMITS.credentialsCount) {
    throw new CredentialsError(
      'too-large',
      `expected at most ${REGISTRY_LIMITS.credentialsCount} entries in auths`,
    );
  }
  const entries = all.flatMap(([key, value], index) => {
    const entry = onBad === 'skip' ? entryIfGood(key, value, index) : parseEntry(key, value, index);
    if (entry !== undefined) return [entry];
    if (onBad !== 'error') return [];
    throw new CredentialsError(
      'empty',
      `expected entry ${index + 1} of auths to have auth, or username and password`,
    );
  });
  return { entries, left: all.length - entries.length };
}

function entryIfGood(key: string, value: unknown, index: number): CredentialEntry | undefined {
  try {
    return parseEntry(key, value, index);
  } catch (error) {
    if (error instanceof CredentialsError) return undefined;
    throw error;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.byteLength > REGISTRY_LIMITS.credentialsBytes) {
    throw new CredentialsError('too-large', `expected at most ${REGISTRY_LIMITS.credentialsBytes} bytes`);
  }
  try {
    const document = parseStrictJson(bytes);
    if (isJsonObject(document)) return document;
  } catch (error) {
    throw new CredentialsError('not-json', 'expected one unambiguous JSON document', { cause: error });
  }
  throw wrongShape('a JSON object');
}

function parseEntry(key: string, value: unknown, index: number): CredentialEntry | undefined {
  if (!isJsonObject(value)) throw wrongShape(`entry ${index + 1} of auths to be an object`);
  const auth = textOf(value, 'auth', index);
  if (auth !== '') return { key, ...decodeAuth(auth, index) };
  const username = textOf(value, 'username', index);
  const password = textOf(value, 'password', index);
  return username === '' || password === '' ? undefined : { key, username, password };
}

function textOf(value: Readonly<Record<string, unknown>>, name: string, index: number): string {
  const text = member(value, name) ?? '';
  if (typeof text !== 'string') throw wrongShape(`${name} of entry ${index + 1} of auths to be text`);
  return text;
}

function decodeAuth(auth: string, index: number): { username: string; password: string } {
  const bytes = Buffer.from(auth, 'base64');
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  // Node's decoder ignores what is not base64; writing it back shows whether anything was.
  if (bytes.toString('base64') !== auth || colon < 1) {
    throw new CredentialsError(
      'bad-auth',
      `expected auth of entry ${index + 1} of auths to be base64 of "user:password"`,
    );
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function wrongShape(expected: string): CredentialsError {
  return new CredentialsError('wrong-shape', `expected ${expected}`);
}

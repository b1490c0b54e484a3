import { CredentialsError } from './credentials-error.js';
import { canonicalHost } from './registry-host.js';

/** Where a credential applies: everything on the host, or everything below the path. */
export interface RegistryKey {
  readonly host: string;
  readonly components: readonly string[];
}

const COMPONENT = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;

/**
 * Key of a Docker configuration to host and path. The scheme and a trailing `v1/` or `v2/` (the way Docker names its API)
 * say nothing: `https://index.docker.io/v1/` is `docker.io`. Throws CredentialsError.
 */
export function normalizeRegistryKey(key: string): RegistryKey {
  const [hostText = '', ...rest] = key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  const components = rest.length === 1 && /^v[12]$/.test(rest[0] ?? '') ? [] : rest;
  if (!components.every((component) => COMPONENT.test(component))) throw badKey();
  return { host: hostOf(hostText), components };
}

function hostOf(text: string): string {
  try {
    return canonicalHost(text);
  } catch (error) {
    throw badKey(error);
  }
}

// The key itself is not repeated: people put user names and tokens before the host.
function badKey(cause?: unknown): CredentialsError {
  return new CredentialsError(
    'bad-key',
    'expected a registry host with an optional path, for example ghcr.io/org',
    {
      cause,
    },
  );
}

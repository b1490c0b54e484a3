import { createHash } from 'node:crypto';

import { Credential } from './credential.js';
import type { CredentialSource, RepositoryPlace } from './credential-source.js';
import { normalizeRegistryKey, type RegistryKey } from './registry-key.js';

/** One line of a credentials file. */
export interface CredentialEntry {
  /** Host, or host and path: `ghcr.io`, `ghcr.io/org`, `https://index.docker.io/v1/`. */
  readonly key: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The credentials of one validator. The one whose host is equal and whose path covers most components is used; of two for
 * the same place, the first.
 */
export class Credentials implements CredentialSource {
  static readonly none = new Credentials([]);

  /** Names this set without any secret: changes when a key or a user name does. Part of cache keys. */
  readonly scopeId: string;
  readonly #entries: readonly (RegistryKey & { readonly credential: Credential })[];

  /** Throws CredentialsError for a key that names no registry. */
  constructor(entries: readonly CredentialEntry[]) {
    const parsed = entries.map(({ key, username, password }) => {
      const place = normalizeRegistryKey(key);
      const scope = [place.host, ...place.components].join('/');
      return { ...place, scope, credential: new Credential({ scope, username, password }) };
    });
    this.#entries = parsed.toSorted((one, other) => other.components.length - one.components.length);
    this.scopeId = parsed.length === 0 ? 'anonymous' : hashOf(parsed.map(({ credential }) => credential.id));
  }

  covers(place: RepositoryPlace): boolean {
    return this.find(place) !== undefined;
  }

  /** The credential for a repository, `undefined` means anonymous. Host in canonical form. */
  find({ host, path }: RepositoryPlace): Credential | undefined {
    const components = path.split('/');
    return this.#entries.find(
      (entry) =>
        entry.host === host && entry.components.every((component, index) => component === components[index]),
    )?.credential;
  }
}

function hashOf(ids: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(ids.toSorted())).digest('hex').slice(0, 32);
}

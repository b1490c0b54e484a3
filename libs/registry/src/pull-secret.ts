import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

import { Credentials, type CredentialEntry } from './credentials.js';
import type { RepositoryPlace } from './credential-source.js';
import { CredentialsError } from './credentials-error.js';
import { type DockerConfigFormat, parseDockerConfig } from './docker-config.js';
import { normalizeRegistryKey, type RegistryKey } from './registry-key.js';

/** The one entry of a pull secret that an image is looked at with; prints as `***`, {@link reveal} is the way out. */
export class PullCredential {
  /** Of the Secret that it is from. */
  readonly secretName: string;
  /** Tells credentials apart by the Secret's identity and the entry's place, never by what is secret. */
  readonly scopeId: string;
  readonly #entry: CredentialEntry;

  constructor(secretName: string, scopeId: string, entry: CredentialEntry) {
    this.secretName = secretName;
    this.scopeId = scopeId;
    this.#entry = entry;
  }

  /** For the thread that verifies, and nobody else. */
  reveal(): CredentialEntry {
    return this.#entry;
  }

  credentials(): Credentials {
    return new Credentials([this.#entry]);
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/**
 * The entries of one image pull secret. As for a kubelet an entry that is no good takes nothing away from the others; unlike
 * there the host is exact.
 */
export class PullSecretEntries {
  /** Entries that name no single registry, or hold no credentials. */
  readonly unusable: number;
  readonly #entries: readonly { readonly place: RegistryKey; readonly entry: CredentialEntry }[];

  /** Throws CredentialsError where there is no such document at all. */
  constructor(text: string, format: DockerConfigFormat) {
    const { entries, left } = parseDockerConfig(text, { format, onBad: 'skip' });
    const placed = entries.flatMap((entry) => {
      const place = placeOf(entry.key);
      return place === undefined ? [] : [{ place, entry }];
    });
    this.unusable = left + entries.length - placed.length;
    this.#entries = placed.toSorted(
      (one, other) => other.place.components.length - one.place.components.length,
    );
  }

  /** The entry for a repository: its host exactly, and most components of its path. `identity`: UID and version of the Secret. */
  find({ host, path }: RepositoryPlace, secretName: string, identity: string): PullCredential | undefined {
    const components = path.split('/');
    const found = this.#entries.find(
      ({ place }) =>
        place.host === host && place.components.every((component, index) => component === components[index]),
    );
    if (found === undefined) return undefined;
    const { place, entry } = found;
    const scope = [identity, [place.host, ...place.components].join('/'), entry.username];
    const scopeId = createHash('sha256').update(JSON.stringify(scope)).digest('hex').slice(0, 32);
    return new PullCredential(secretName, scopeId, entry);
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

function placeOf(key: string): RegistryKey | undefined {
  try {
    return normalizeRegistryKey(key);
  } catch (error) {
    if (error instanceof CredentialsError) return undefined;
    throw error;
  }
}

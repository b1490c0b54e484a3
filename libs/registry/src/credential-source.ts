import type { Credential } from './credential.js';

/** A repository as credentials are looked up for it; the host in canonical form. */
export interface RepositoryPlace {
  readonly host: string;
  readonly path: string;
}

/** Gives the credential for a repository: from files, from a cloud provider, from a Pod's pull secrets. */
export interface CredentialSource {
  /** Names the source without any secret. Part of cache keys. */
  readonly scopeId: string;
  /** True where this source is the one to ask for a place, whether or not it has something now. */
  covers(place: RepositoryPlace): boolean;
  /** The credential, `undefined` means anonymous. At once where it is known; does not reject but for the signal. */
  find(place: RepositoryPlace, signal: AbortSignal): Credential | undefined | Promise<Credential | undefined>;
  /** Why there is none though the source covers the place; one clause for people, without a secret. */
  whyNone?(place: RepositoryPlace): string | undefined;
}

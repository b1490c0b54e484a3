import { createHash } from 'node:crypto';

import type { Credential } from './credential.js';
import type { CredentialSource, RepositoryPlace } from './credential-source.js';

/** Several sources, the first that covers a place answers for it: no later one is asked, also where it has nothing. */
export class LayeredCredentials implements CredentialSource {
  readonly scopeId: string;
  readonly #sources: readonly CredentialSource[];

  constructor(sources: readonly CredentialSource[]) {
    this.#sources = sources;
    const scopes = sources.map(({ scopeId }) => scopeId);
    this.scopeId = createHash('sha256').update(JSON.stringify(scopes)).digest('hex').slice(0, 32);
  }

  covers(place: RepositoryPlace): boolean {
    return this.#covering(place) !== undefined;
  }

  find(
    place: RepositoryPlace,
    signal: AbortSignal,
  ): Credential | undefined | Promise<Credential | undefined> {
    return this.#covering(place)?.find(place, signal);
  }

  whyNone(place: RepositoryPlace): string | undefined {
    return this.#covering(place)?.whyNone?.(place);
  }

  #covering(place: RepositoryPlace): CredentialSource | undefined {
    return this.#sources.find((source) => source.covers(place));
  }
}

import { REGISTRY_LIMITS } from './limits.js';
import type { TokenAnswer } from './token-answer.js';

interface StoredToken {
  readonly token: string;
  /** Not used from here on. */
  readonly renewAt: number;
}

/**
 * Tokens by host, scope and credential. One fetch for everybody who asks meanwhile; a token is renewed before it ends.
 * Bounded: the oldest makes room.
 */
export class TokenStore {
  readonly #tokens = new Map<string, StoredToken>();
  readonly #flights = new Map<string, Promise<string>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The stored token, or what `fetch` gives; concurrent callers share one `fetch`. */
  get(key: string, fetch: () => Promise<TokenAnswer>): Promise<string> {
    const stored = this.#tokens.get(key);
    if (stored !== undefined && this.#now() < stored.renewAt) return Promise.resolve(stored.token);
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay;
    const flight = this.#fetch(key, fetch).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** Takes a token away that the registry did not accept; not one that has replaced it meanwhile. */
  drop(key: string, token: string): void {
    if (this.#tokens.get(key)?.token === token) this.#tokens.delete(key);
  }

  async #fetch(key: string, fetch: () => Promise<TokenAnswer>): Promise<string> {
    // Counted from before the request: the server's clock started somewhere within it.
    const asked = this.#now();
    const { token, lifeMs } = await fetch();
    const renewAt = asked + Math.max(lifeMs - REGISTRY_LIMITS.tokenRenewBeforeMs, lifeMs * 0.8);
    this.#tokens.delete(key);
    this.#tokens.set(key, { token, renewAt });
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size > REGISTRY_LIMITS.tokensCount && oldest !== undefined) this.#tokens.delete(oldest);
    return token;
  }
}

export interface RateLimits {
  /** So many at once, after a quiet time. */
  readonly burst: number;
  /** One more after this time, ms. */
  readonly everyMs: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** More keys than are busy at one time; those that were forgotten start afresh. */
const MAX_KEYS = 2000;

/** How much may be written for each key: one that is flooded takes nothing from the others. */
export class Rate {
  readonly #limits: RateLimits;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** True where one more may be written; it is then counted. */
  take(key: string): boolean {
    const { burst, everyMs } = this.#limits;
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) / everyMs);
    bucket.at = now;
    this.#keep(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** The key that was not asked for the longest makes room. */
  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= MAX_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(key, bucket);
  }
}

import type { Verdict } from '#contracts';

import { type Question, questionKey } from './question.js';
import { cacheEntries, type CachePolicy, proofLifeMs, tagLifeMs } from './verdict-cache.js';

/** A store of signed verdicts: the part of the bus' that is needed here. Never rejects, never takes long. */
export interface VerdictStore {
  get(key: string, signal: AbortSignal): Promise<Verdict | undefined>;
  put(key: string, verdict: Verdict, ttlMs: number): Promise<void>;
}

/** How long a reader believes what it reads, whatever its writer wrote, ms. */
export interface StoreLimits {
  readonly provenMs: number;
  readonly refusedMs: number;
}

/**
 * Proofs that verifiers share, read by the reader's own cache policy (design rule 3): under a digest as long as a proof
 * lives, under a tag as long as tags are believed. Refusals are not shared: signing cures them, and the times of two
 * stores would add up.
 */
export class SharedProofs {
  readonly #open: (limits: StoreLimits) => VerdictStore;
  readonly #now: () => number;
  readonly #stores = new Map<number, VerdictStore>();

  /** `open` gives a view of the one store with these limits; `now` is the wall clock, ms. */
  constructor(options: { open: (limits: StoreLimits) => VerdictStore; now: () => number }) {
    this.#open = options.open;
    this.#now = options.now;
  }

  /** A proof of exactly this question that has life left. Never rejects. */
  async get(
    question: Question,
    readsTag: boolean,
    policy: CachePolicy,
    signal: AbortSignal,
  ): Promise<Verdict | undefined> {
    const { digest } = question.image;
    const lifeMs = digest === undefined ? tagLifeMs(policy) : proofLifeMs(policy);
    if (lifeMs === 0) return undefined;
    const verdict = await this.#store(lifeMs).get(questionKey(question, readsTag), signal);
    if (verdict?.outcome !== 'admitted' || verdict.ground !== 'verified') return undefined;
    const proves = digest === undefined ? verdict.digest !== undefined : verdict.digest === digest;
    // Without an end of its own nothing would say how long it may be kept here.
    return proves && (verdict.notAfter ?? 0) > this.#now() ? verdict : undefined;
  }

  /** Shares what is worth it. `since` is when the look began, by the wall clock. Never rejects. */
  async put(
    question: Question,
    readsTag: boolean,
    verdict: Verdict,
    policy: CachePolicy,
    since: number,
  ): Promise<void> {
    if (verdict.outcome !== 'admitted') return;
    const now = this.#now();
    const entries = cacheEntries(question, readsTag, verdict, policy, since);
    const store = this.#store(proofLifeMs(policy));
    const living = entries.filter(({ until }) => until > now);
    await Promise.all(living.map(async ({ key, until }) => await store.put(key, verdict, until - now)));
  }

  #store(provenMs: number): VerdictStore {
    const known = this.#stores.get(provenMs);
    if (known !== undefined) return known;
    // One for each life that a configuration asks for; a process that lives through many of them forgets.
    if (this.#stores.size >= 8) this.#stores.clear();
    const store = this.#open({ provenMs, refusedMs: 0 });
    this.#stores.set(provenMs, store);
    return store;
  }
}

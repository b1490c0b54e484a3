import type { Verdict } from '#contracts';
import { parseDigest } from '#image-ref';
import { LRUCache } from 'lru-cache';

import { type Question, questionKey } from './question.js';

/** How long an answer may be used again. */
export interface CachePolicy {
  /** A tag's digest is believed this long, seconds; 0: every admission asks the registry. Upstream's `cache.expirySeconds`. */
  readonly expirySeconds: number;
  /** Refusals are remembered too, for at most {@link REFUSAL_MAX_MS}. Upstream's `cache.cacheErrors`. */
  readonly cacheErrors: boolean;
}

/** A proof for a digest holds as long as its trust does; this bounds how late we notice a withdrawn signature, ms. */
export const PROOF_MAX_MS = 300_000;
/** With the tag cache off a proof still outlives one admission, so that `/validate` finds what `/mutate` proved, ms. */
export const PROOF_MIN_MS = 10_000;
/** A refusal may be cured by signing: remember it just long enough to survive a controller's retries, ms. */
export const REFUSAL_MAX_MS = 5_000;
const MAX_ENTRIES = 20_000;

/** A verdict with the end of its life, ms since the epoch; inside the record, so that no store can stretch it. */
export interface LivingVerdict {
  readonly key: string;
  readonly verdict: Verdict;
  readonly until: number;
}

/** How long a proof for a digest is believed, ms. */
export function proofLifeMs(policy: CachePolicy): number {
  return tagLifeMs(policy) === 0 ? PROOF_MIN_MS : PROOF_MAX_MS;
}

/** How long a tag is believed to mean the digest that it meant, ms: never longer than the proof behind it. */
export function tagLifeMs({ expirySeconds }: CachePolicy): number {
  return Math.min(Math.max(0, expirySeconds) * 1000, PROOF_MAX_MS);
}

/**
 * The entries that a verdict is worth: none for what was not decided or static; one for a refusal; for a proof one
 * under the digest (the form that `/mutate` writes) and, when a tag was asked, a short one under the tag. `now` is when
 * the look began: what was found may be as old as that.
 */
export function cacheEntries(
  question: Question,
  readsTag: boolean,
  verdict: Verdict,
  policy: CachePolicy,
  now: number,
): LivingVerdict[] {
  const asked = questionKey(question, readsTag);
  const shortMs = tagLifeMs(policy);
  switch (verdict.outcome) {
    case 'undecided':
      return [];
    case 'refused': {
      const ms = policy.cacheErrors ? Math.min(shortMs, REFUSAL_MAX_MS) : 0;
      return ms === 0 ? [] : [{ key: asked, verdict, until: now + ms }];
    }
    case 'admitted': {
      if (verdict.ground === 'static' || verdict.digest === undefined) return [];
      const end = verdict.notAfter ?? Number.POSITIVE_INFINITY;
      const pinned = { ...question, image: question.image.withDigest(parseDigest(verdict.digest)) };
      const entries = [
        { key: questionKey(pinned, readsTag), verdict, until: Math.min(now + proofLifeMs(policy), end) },
        ...(question.image.digest === undefined
          ? [{ key: asked, verdict, until: Math.min(now + shortMs, end) }]
          : []),
      ];
      return entries.filter(({ until }) => until > now);
    }
  }
}

interface Entry {
  readonly verdict: Verdict;
  /** By the wall clock, because certificates end by it; and by one that nobody sets, so that a step back stretches nothing. */
  readonly until: number;
  readonly ends: number;
}

/** Verdicts that this process proved or whose signature it checked; synchronous, because it is on the hot path. */
export class VerdictCache {
  readonly #entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES });
  readonly #monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  get(key: string, now: number): Verdict | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now && entry.ends > this.#monotonic()) return entry.verdict;
    this.#entries.delete(key);
    return undefined;
  }

  put(entries: readonly LivingVerdict[], now: number): void {
    const monotonic = this.#monotonic();
    for (const { key, verdict, until } of entries) {
      // Evidence is told once, with the admission that had it worked out; memory need not keep it.
      const kept = verdict.evidence.length === 0 ? verdict : { ...verdict, evidence: [] };
      if (until > now) this.#entries.set(key, { verdict: kept, until, ends: monotonic + until - now });
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}

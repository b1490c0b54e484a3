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

/**
 * The entries that a verdict is worth: none for what was not decided or static; one for a refusal; for a proof one
 * under the digest (the form that `/mutate` writes) and, when a tag was asked, a short one under the tag.
 */
export function cacheEntries(
  question: Question,
  readsTag: boolean,
  verdict: Verdict,
  policy: CachePolicy,
  now: number,
): LivingVerdict[] {
  const asked = questionKey(question, readsTag);
  const shortMs = Math.max(0, policy.expirySeconds) * 1000;
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
      const proofMs = shortMs === 0 ? PROOF_MIN_MS : PROOF_MAX_MS;
      const pinned = { ...question, image: question.image.withDigest(parseDigest(verdict.digest)) };
      const entries = [
        { key: questionKey(pinned, readsTag), verdict, until: Math.min(now + proofMs, end) },
        ...(question.image.digest === undefined
          ? [{ key: asked, verdict, until: Math.min(now + shortMs, end) }]
          : []),
      ];
      return entries.filter(({ until }) => until > now);
    }
  }
}

/** Verdicts that this process proved or whose signature it checked; synchronous, because it is on the hot path. */
export class VerdictCache {
  readonly #entries = new LRUCache<string, { verdict: Verdict; until: number }>({ max: MAX_ENTRIES });

  get(key: string, now: number): Verdict | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.verdict;
    this.#entries.delete(key);
    return undefined;
  }

  put(entries: readonly LivingVerdict[]): void {
    for (const { key, verdict, until } of entries) this.#entries.set(key, { verdict, until });
  }

  clear(): void {
    this.#entries.clear();
  }
}

import type { Verdict } from '#contracts';

/** A verdict with its life, which is part of what is signed, ms since the epoch. */
export interface LivingVerdict {
  readonly verdict: Verdict;
  readonly since: number;
  readonly until: number;
}

/** All counters grow from 0 at start. */
export interface SharedVerdictStats {
  readonly hits: number;
  readonly misses: number;
  /** Records that no verifier's key proves for this key; each is a miss too. */
  readonly forged: number;
  /** Times that Redis did not answer in time or refused; each is a miss too, or a verdict that was not stored. */
  readonly failures: number;
  readonly stored: number;
}

/**
 * Verdicts that verifiers share. A help and never a source of trouble: whatever is wrong with the store is a miss, after
 * at most a few milliseconds.
 */
export abstract class SharedVerdicts {
  /**
   * The verdict for exactly this key, while it lives; nothing otherwise, also when `signal` ends first. Never rejects. The
   * `notAfter` of a proof is cut to the end of the record's life, so that no cache behind this one stretches it.
   */
  abstract get(key: string, signal: AbortSignal): Promise<Verdict | undefined>;
  /** Keeps a proven verdict for at most `ttlMs`, and a refusal for a few seconds; drops any other. Never rejects. */
  abstract put(key: string, verdict: Verdict, ttlMs: number): Promise<void>;
  abstract stats(): SharedVerdictStats;
}

/** How long a reader believes a record at most, whatever its writer wrote, ms. */
export interface VerdictLimits {
  readonly provenMs: number;
  readonly refusedMs: number;
}

/** A refusal may be cured by signing, so it is never kept longer (reference H08), ms. */
export const MAX_REFUSED_MS = 5_000;
/** A proof's trust may be withdrawn, so it is looked at again after this time, ms. */
const MAX_PROVEN_MS = 300_000;

/** The last moment that JavaScript has a date for: a proof without an end of its own, ms. */
const FOREVER = 8_640_000_000_000_000;

/** The limits that are asked for, within those that always hold. */
export function toLimits({ provenMs, refusedMs }: Partial<VerdictLimits> = {}): VerdictLimits {
  return {
    provenMs: provenMs ?? MAX_PROVEN_MS,
    refusedMs: Math.min(refusedMs ?? MAX_REFUSED_MS, MAX_REFUSED_MS),
  };
}

/** True for a proof and for a refusal; not for what was not decided, nor for what a static rule said. */
export function isShareable(verdict: Verdict): boolean {
  switch (verdict.outcome) {
    case 'admitted':
      return verdict.ground === 'verified' && verdict.digest !== undefined;
    case 'refused':
      return true;
    case 'undecided':
      return false;
  }
}

/** The end of a shareable verdict's life, ms since the epoch. A proof never outlives what it was proven with. */
export function endOfLife(verdict: Verdict, since: number, ttlMs: number, limits: VerdictLimits): number {
  const until = since + Math.min(ttlMs, verdict.outcome === 'admitted' ? limits.provenMs : limits.refusedMs);
  return verdict.outcome === 'admitted' ? Math.min(until, verdict.notAfter ?? until) : until;
}

/** The verdict with its life, in whole ms, or nothing where it may not be shared or has no life left. */
export function toLiving(
  verdict: Verdict,
  now: number,
  ttlMs: number,
  limits: VerdictLimits,
): LivingVerdict | undefined {
  const since = Math.floor(now);
  const until = Math.floor(endOfLife(verdict, since, ttlMs, limits));
  return isShareable(verdict) && until > since ? { verdict, since, until } : undefined;
}

/** What a reader gets of it. */
export function toVerdict({ verdict, until }: LivingVerdict): Verdict {
  if (verdict.outcome !== 'admitted') return verdict;
  return { ...verdict, notAfter: until, provenUntil: verdict.provenUntil ?? verdict.notAfter ?? FOREVER };
}

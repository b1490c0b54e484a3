import type { Verdict } from '#contracts';

import {
  type LivingVerdict,
  SharedVerdicts,
  type SharedVerdictStats,
  toLimits,
  toLiving,
  toVerdict,
  type VerdictLimits,
} from './shared-verdicts.js';

const MAX_ENTRIES = 10_000;

/** Shared verdicts of one process, for tests and the cli. */
export class InMemorySharedVerdicts extends SharedVerdicts {
  readonly #entries = new Map<string, LivingVerdict>();
  readonly #limits: VerdictLimits;
  readonly #now: () => number;
  readonly #stats = { hits: 0, misses: 0, stored: 0 };

  constructor({ now, limits }: { now: () => number; limits?: Partial<VerdictLimits> }) {
    super();
    this.#now = now;
    this.#limits = toLimits(limits);
  }

  get(key: string, signal: AbortSignal): Promise<Verdict | undefined> {
    const entry = signal.aborted ? undefined : this.#entries.get(key);
    const verdict = entry !== undefined && entry.until > this.#now() ? toVerdict(entry) : undefined;
    this.#stats[verdict === undefined ? 'misses' : 'hits'] += 1;
    return Promise.resolve(verdict);
  }

  put(key: string, verdict: Verdict, ttlMs: number): Promise<void> {
    const living = toLiving(verdict, this.#now(), ttlMs, this.#limits);
    if (living !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, living);
      this.#stats.stored += 1;
      this.#dropOldest();
    }
    return Promise.resolve();
  }

  stats(): SharedVerdictStats {
    return { ...this.#stats, forged: 0, failures: 0 };
  }

  #dropOldest(): void {
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

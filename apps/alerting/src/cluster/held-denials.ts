import { MAX_DENIED } from './report-manifest.js';
import type { ReportResult } from './report-result.js';

/** Results for the report of one namespace's denials. */
export interface NamespaceDenials {
  readonly results: readonly ReportResult[];
  /** Of the newest decision among them, ms. */
  readonly time: number;
}

/** One report of a hundred results is tens of kilobytes: not more often than this for each namespace. */
const EVERY_MS = 5000;
/** More namespaces at once than this do not wait. */
const MAX_NAMESPACES = 500;

/** Gathers the denials of a namespace until its report may be written again: the newest hundred. */
export class HeldDenials {
  readonly #now: () => number;
  readonly #held = new Map<string, NamespaceDenials>();
  readonly #writtenAt = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds what comes after what is there already. */
  add(namespace: string, { results, time }: NamespaceDenials): void {
    const held = this.#held.get(namespace);
    this.#held.set(namespace, {
      results: [...(held?.results ?? []), ...results].slice(-MAX_DENIED),
      time: Math.max(held?.time ?? 0, time),
    });
  }

  /** Takes out what may be written now: each namespace's when its time has come, or all. */
  takeDue(all: boolean): readonly (readonly [string, NamespaceDenials])[] {
    const now = this.#now();
    for (const [namespace, at] of this.#writtenAt) {
      if (Math.abs(now - at) >= EVERY_MS) this.#writtenAt.delete(namespace);
    }
    const noWaiting = all || this.#held.size > MAX_NAMESPACES;
    const due = [...this.#held].filter(([namespace]) => noWaiting || !this.#writtenAt.has(namespace));
    for (const [namespace] of due) {
      this.#held.delete(namespace);
      this.#writtenAt.set(namespace, now);
    }
    return due;
  }
}

import type { OpenedBatch } from './open-batch.js';
import { compareEntryIds } from './record-id.js';

/** What a batch is to a reader that knows what came before. */
export type Judgement =
  /** The next of its writer, or the first that this reader sees of it. */
  | { readonly kind: 'next' }
  /** Delivered again, from before the newest one that was read. */
  | { readonly kind: 'redelivered' }
  /** Its records were read before, in an older entry. */
  | { readonly kind: 'duplicate' }
  /** The right number, but its predecessor is another batch than the one that was read. */
  | { readonly kind: 'chain-broken' }
  /** Numbers `from` to `to - 1` are missing since the entry `since`. */
  | { readonly kind: 'gap'; readonly since: string; readonly from: number; readonly to: number };

interface Seen {
  readonly next: number;
  readonly head: string;
  readonly entry: string;
}

/** Most writers that are remembered; each start of a gateway is a new one. */
const MAX_WRITERS = 4096;

/** Follows every writer's numbers and chain, so that what is missing, repeated or swapped is noticed. Pure. */
export class SequenceAudit {
  readonly #writers = new Map<string, Seen>();

  /** What the batch is after those that were remembered. */
  judge(entry: string, { first, records, before, ...writer }: OpenedBatch): Judgement {
    const seen = this.#writers.get(writerOf(writer));
    if (seen === undefined) return { kind: 'next' };
    if (compareEntryIds(entry, seen.entry) <= 0) return { kind: 'redelivered' };
    if (first + records.length <= seen.next) return { kind: 'duplicate' };
    if (first > seen.next) return { kind: 'gap', since: seen.entry, from: seen.next, to: first };
    return first === seen.next && before === seen.head ? { kind: 'next' } : { kind: 'chain-broken' };
  }

  /** The batch was read: its writer goes on from here. What is older than the newest one changes nothing. */
  remember(entry: string, batch: OpenedBatch): void {
    const writer = writerOf(batch);
    const next = batch.first + batch.records.length;
    const seen = this.#writers.get(writer);
    if (seen !== undefined && (next <= seen.next || compareEntryIds(entry, seen.entry) <= 0)) return;
    this.#writers.delete(writer);
    this.#writers.set(writer, { next, head: batch.head, entry });
    if (this.#writers.size <= MAX_WRITERS) return;
    const [oldest] = this.#writers.keys();
    if (oldest !== undefined) this.#writers.delete(oldest);
  }
}

/** One start of one gateway. Neither part holds a slash that could move the border: a JSON text of both. */
export function writerOf({ gateway, boot }: Pick<OpenedBatch, 'gateway' | 'boot'>): string {
  return JSON.stringify([gateway, boot]);
}

/** What of the numbers `from` to `to - 1` none of these batches has. */
export function missingRanges(
  from: number,
  to: number,
  batches: readonly Pick<OpenedBatch, 'first' | 'records'>[],
): { from: number; to: number }[] {
  const missing: { from: number; to: number }[] = [];
  let next = from;
  for (const { first, records } of batches.toSorted((a, b) => a.first - b.first)) {
    if (first > next) missing.push({ from: next, to: Math.min(first, to) });
    next = Math.max(next, first + records.length);
    if (next >= to) return missing;
  }
  missing.push({ from: next, to });
  return missing;
}

import type { DecisionRecord } from '#contracts';

import type { LossReason } from './observer.js';

/** How a gateway's log does, for metrics and readiness detail. All counters grow from 0 at start. */
export interface DecisionLogStats {
  /** `redis`: straight to the stream; `journal`: to the local file until Redis is back. */
  readonly state: 'redis' | 'journal';
  /** Records that were accepted and are not durable yet. */
  readonly waiting: number;
  /** Records on the stream. */
  readonly written: number;
  /** Batches on the stream. */
  readonly batches: number;
  /** Records that had to go through the journal. */
  readonly journalled: number;
  /** Bytes in the journal that are not on the stream yet. */
  readonly journalBytes: number;
  /** Records that are gone. */
  readonly lost: number;
  /** Records trimmed before the group had acknowledged them, as far as this process did it. */
  readonly trimmedUnread: number;
}

/** How soon a record is wanted on the stream. */
export interface AppendOptions {
  /** Somebody waits for the promise: do not wait for company. */
  readonly urgent?: boolean;
}

/** Where a gateway writes what it decided. */
export abstract class DecisionLog {
  /**
   * Resolves when the record is durable: on the stream, or fsynced in the local journal while Redis is down. Rejects with
   * {@link DecisionLogError} where it is not. Callers that do not wait may drop the promise; losses are counted in any case.
   */
  abstract append(record: DecisionRecord, options?: AppendOptions): Promise<void>;
  abstract stats(): DecisionLogStats;
  /** Takes no more records, and resolves when those it has are durable or counted as lost; rejects when `signal` ends first. */
  abstract close(signal: AbortSignal): Promise<void>;
}

/** The record is not durable. A strict gateway denies. */
export class DecisionLogError extends Error {
  override readonly name = 'DecisionLogError';
  readonly code = 'NOT_DURABLE';
  readonly reason: LossReason;

  constructor(reason: LossReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

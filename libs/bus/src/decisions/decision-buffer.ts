import { MAX_BATCH } from './batch-text.js';
import type { EncodedDecision } from './decision-codec.js';
import type { DecisionLogError } from './decision-log.js';

export interface BufferLimits {
  /** A batch of this many records does not wait for more. */
  readonly batchRecords: number;
  /** A record waits at most this long for company, ms. */
  readonly lingerMs: number;
  /** Most records and characters that may wait for a slow writer. */
  readonly maxWaiting: number;
  readonly maxWaitingChars: number;
}

/** Records that become durable together: one promise for all of them, because this is on the hot path. */
export interface PendingBatch {
  readonly records: EncodedDecision[];
  /** The usual revision of the records. */
  readonly revision: string;
  readonly durable: Promise<void>;
  readonly settle: (error?: DecisionLogError) => void;
}

/** Most characters of a batch, so that a reader never meets an entry that it must refuse. */
const MAX_BATCH_CHARS = 1024 * 1024;

/** Collects records into batches: due after `lingerMs` or `batchRecords`, whichever comes first; larger when the writer is slow. */
export class DecisionBuffer {
  readonly #limits: BufferLimits;
  readonly #onDue: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #full: PendingBatch[] = [];
  #open: PendingBatch | undefined;
  #openChars = 0;
  #due = false;
  #urgent = false;
  #waiting = 0;
  #chars = 0;

  constructor(limits: BufferLimits, onDue: () => void) {
    this.#limits = limits;
    this.#onDue = onDue;
    // One timer for the buffer's whole life: arming it again costs a tenth of making a new one for each batch.
    this.#timer = setTimeout(() => this.#becomeDue(), limits.lingerMs);
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The usual revision of the batch that the next record joins. */
  revisionFor(revision: string): string {
    return this.#open?.revision ?? revision;
  }

  isFull(): boolean {
    return this.#waiting >= this.#limits.maxWaiting || this.#chars >= this.#limits.maxWaitingChars;
  }

  /** Resolves when the record is durable. */
  add(record: EncodedDecision, revision: string, urgent: boolean): Promise<void> {
    const chars = record.record.length + (record.evidence?.length ?? 0);
    if (this.#open !== undefined && this.#openChars + chars > MAX_BATCH_CHARS) this.#closeOpen();
    this.#open ??= this.#start(revision);
    const open = this.#open;
    open.records.push(record);
    this.#openChars += chars;
    this.#chars += chars;
    this.#waiting += 1;
    if (open.records.length >= MAX_BATCH) this.#closeOpen();
    if (urgent) this.#hurry();
    else if (open.records.length === this.#limits.batchRecords) this.#becomeDue();
    return open.durable;
  }

  /** The oldest batch that need not wait for more records. */
  take(): PendingBatch | undefined {
    const batch = this.#full.shift() ?? (this.#isOpenDue() ? this.#takeOpen() : undefined);
    if (batch !== undefined) {
      this.#waiting -= batch.records.length;
      for (const { record, evidence } of batch.records)
        this.#chars -= record.length + (evidence?.length ?? 0);
    }
    return batch;
  }

  /** Nothing waits for company any more. */
  flush(): void {
    if (this.#open !== undefined) this.#becomeDue();
  }

  #start(revision: string): PendingBatch {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whoever waits hears of a failure; for those who do not, the loss is counted and told where it happens.
    promise.catch(() => undefined);
    this.#timer.refresh();
    this.#due = false;
    return {
      records: [],
      revision,
      durable: promise,
      settle: (error) => (error ? reject(error) : resolve()),
    };
  }

  #isOpenDue(): boolean {
    return this.#due || (this.#open?.records.length ?? 0) >= this.#limits.batchRecords;
  }

  #takeOpen(): PendingBatch | undefined {
    const open = this.#open;
    this.#open = undefined;
    this.#openChars = 0;
    this.#due = false;
    return open;
  }

  #closeOpen(): void {
    const open = this.#takeOpen();
    if (open !== undefined) this.#full.push(open);
    this.#onDue();
  }

  #becomeDue(): void {
    if (this.#open === undefined) return;
    this.#due = true;
    this.#onDue();
  }

  /** Those who decide in the same turn of the event loop share the batch; nobody waits longer. */
  #hurry(): void {
    if (this.#urgent) return;
    this.#urgent = true;
    setImmediate(() => {
      this.#urgent = false;
      this.#becomeDue();
    });
  }
}

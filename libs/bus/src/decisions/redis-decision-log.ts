import type { DecisionRecord } from '#contracts';

import { BatchChain, type WriterIdentity } from './batch-chain.js';
import { DecisionBuffer, type PendingBatch } from './decision-buffer.js';
import { type DecisionContext, encodeDecision } from './decision-codec.js';
import { type AppendOptions, DecisionLog, DecisionLogError, type DecisionLogStats } from './decision-log.js';
import { DurableWriter } from './durable-writer.js';
import type { Journal } from './journal.js';
import type { DecisionObserver, LossReason } from './observer.js';
import type { RedisCommands } from './redis-commands.js';
import type { DecisionSigner } from './signing.js';
import type { SealedBatch } from './stream-writer.js';
import { StreamTrimmer } from './stream-trimmer.js';
import { untilAborted } from './waiting.js';

export interface RedisDecisionLogOptions {
  readonly redis: RedisCommands;
  /** Where batches go while Redis is down; `noJournal` where there is no disk. */
  readonly journal: Journal;
  readonly writer: WriterIdentity;
  readonly signer: DecisionSigner;
  readonly observe: DecisionObserver;
  readonly limits?: Partial<DecisionLogLimits>;
}

export interface DecisionLogLimits {
  /** A batch is written when it has this many records … */
  readonly batchRecords: number;
  /** … or when its first record has waited this long, ms; whichever comes first. */
  readonly lingerMs: number;
  /** Most records and characters that wait for a slow Redis and a slow disk. */
  readonly maxWaiting: number;
  readonly maxWaitingChars: number;
  /** Redis is down when it has not answered after this time, ms. */
  readonly redisTimeoutMs: number;
  /** About how many records the streams keep, and the factor up to which trimming waits for the group `heldBy`. */
  readonly keepDecisions: number;
  readonly keepDenials: number;
  readonly hardFactor: number;
  readonly heldBy: string;
}

const DEFAULTS: DecisionLogLimits = {
  batchRecords: 16,
  lingerMs: 5,
  maxWaiting: 10_000,
  maxWaitingChars: 32 * 1024 * 1024,
  redisTimeoutMs: 500,
  keepDecisions: 100_000,
  keepDenials: 50_000,
  hardFactor: 5,
  heldBy: 'alerting',
};

/** Most characters of one record without its evidence; the contract's own bounds keep real ones far below. */
const MAX_RECORD = 512 * 1024;

/** Batches, signs and writes decisions to the Redis streams, through the local journal while Redis is down. */
export class RedisDecisionLog extends DecisionLog {
  readonly #buffer: DecisionBuffer;
  readonly #durable: DurableWriter;
  readonly #chains: { readonly decisions: BatchChain; readonly denials: BatchChain };
  readonly #observe: DecisionObserver;
  #context: DecisionContext;
  #working = false;
  #work: Promise<void> = Promise.resolve();
  #closing = false;
  #lost = 0;

  constructor({ redis, journal, writer, signer, observe, limits }: RedisDecisionLogOptions) {
    super();
    const all = { ...DEFAULTS, ...limits };
    const keep = { decisions: all.keepDecisions, denials: all.keepDenials };
    const trimmer = new StreamTrimmer(
      redis,
      { keep, heldBy: all.heldBy, hardFactor: all.hardFactor },
      observe,
    );
    const wake = (): void => this.#wake();
    this.#durable = new DurableWriter({
      redis,
      journal,
      trimmer,
      observe,
      timeoutMs: all.redisTimeoutMs,
      wake,
    });
    this.#buffer = new DecisionBuffer(all, wake);
    this.#chains = {
      decisions: new BatchChain('decisions', writer, signer),
      denials: new BatchChain('denials', writer, signer),
    };
    this.#observe = observe;
    this.#context = { cluster: writer.cluster, gateway: writer.gateway, revision: '' };
    // What an earlier process left in the journal goes to the stream before anything new.
    this.#wake();
  }

  /** A `TypeError` for a record of another gateway: that is our own mistake, and no reason to count a loss. */
  append(record: DecisionRecord, options?: AppendOptions): Promise<void> {
    if (this.#closing) return this.#lose('closed');
    if (this.#buffer.isFull()) return this.#lose('too-many-waiting');
    const revision = this.#buffer.revisionFor(record.revision);
    if (revision !== this.#context.revision) this.#context = { ...this.#context, revision };
    const encoded = encodeDecision(record, this.#context);
    if (encoded.record.length > MAX_RECORD) return this.#lose('too-large');
    return this.#buffer.add(encoded, revision, options?.urgent ?? false);
  }

  stats(): DecisionLogStats {
    return { ...this.#durable.stats(), waiting: this.#buffer.waiting, lost: this.#lost };
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true;
    this.#buffer.flush();
    this.#wake();
    await untilAborted(this.#work, signal);
    await this.#durable.close();
  }

  #wake(): void {
    if (this.#working) return;
    this.#working = true;
    this.#work = this.#run();
  }

  /** One write at a time, oldest first: so the stream has each gateway's records in order, and batches grow with the load. */
  async #run(): Promise<void> {
    for (;;) {
      const replayed = await this.#durable.replaySome();
      const batch = this.#buffer.take();
      if (batch !== undefined) await this.#write(batch);
      else if (!replayed) break;
    }
    this.#working = false;
  }

  async #write(batch: PendingBatch): Promise<void> {
    try {
      await this.#durable.write(this.#seal(batch));
      batch.settle();
    } catch (cause) {
      const error =
        cause instanceof DecisionLogError
          ? cause
          : new DecisionLogError('internal', 'the decision could not be signed and written', { cause });
      this.#count(batch.records.length, error);
      batch.settle(error);
    }
  }

  #seal({ records, revision }: PendingBatch): SealedBatch {
    const denials = records.filter(({ denial }) => denial);
    return {
      records: records.length,
      decisions: this.#chains.decisions.seal(records, revision),
      denials: denials.length === 0 ? undefined : this.#chains.denials.seal(denials, revision),
    };
  }

  #lose(reason: LossReason): Promise<void> {
    const error = new DecisionLogError(reason, `the decision is not recorded: ${reason}`);
    this.#count(1, error);
    const rejection = Promise.reject(error);
    // A caller that does not wait hears of the loss through the observer and the counter.
    rejection.catch(() => undefined);
    return rejection;
  }

  #count(records: number, error: DecisionLogError): void {
    this.#lost += records;
    this.#observe({ kind: 'lost', records, reason: error.reason, cause: error });
  }
}

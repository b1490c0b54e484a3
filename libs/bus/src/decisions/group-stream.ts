import { isReplyError, type ReadEntry, toEntries, toReadEntries } from '../redis/replies.js';
import type { DecisionHandler, GroupReader } from './decision-source.js';
import type { OpenedBatch } from './open-batch.js';
import { type BlockingRedis, STREAM_KEYS } from './redis-commands.js';
import { batchesBetween } from './batches-between.js';
import { type Judgement, missingRanges, SequenceAudit } from './sequence-audit.js';
import { type StreamReader, toStored } from './stream-reader.js';
import { backOff, insist } from './waiting.js';

export interface GroupTiming {
  /** Monotonic time, ms. */
  readonly now: () => number;
  /** Deliveries that were not acknowledged for this long are taken over from their reader, ms. */
  readonly claimIdleMs: number;
  /** How often is looked for such deliveries, ms. */
  readonly claimEveryMs: number;
}

const READ_COUNT = 8;
const BLOCK_MS = 1_000;
/** How often a batch is offered to the handler before the next one has its turn. */
const HANDLER_ATTEMPTS = 5;
/** After an abort this long may pass for the acknowledgement of what is being handled, ms. */
const LAST_WORDS_MS = 1_000;

/** One reader of a consumer group: at least once, its own unfinished deliveries first, then those of readers that died. */
export class GroupStream {
  readonly #reader: StreamReader;
  readonly #redis: BlockingRedis;
  readonly #group: string;
  readonly #consumer: string;
  readonly #handler: DecisionHandler;
  readonly #timing: GroupTiming;
  readonly #audit = new SequenceAudit();
  readonly #key: string;
  /** Own unfinished deliveries are read after this entry; absent when there are no more. */
  #unfinished: string | undefined = '0-0';
  #claimedAt: number;
  #claimFrom = '0-0';
  #exists = false;
  #blocked = false;

  /** The connection is this reader's alone, and ends with it. */
  constructor(
    reader: StreamReader,
    redis: BlockingRedis,
    { group, consumer }: GroupReader,
    handler: DecisionHandler,
    timing: GroupTiming,
  ) {
    this.#reader = reader;
    this.#redis = redis;
    this.#group = group;
    this.#consumer = consumer;
    this.#handler = handler;
    this.#timing = timing;
    this.#claimedAt = timing.now();
    this.#key = STREAM_KEYS[reader.stream];
  }

  /** Reads until `signal` ends; what was delivered by then and not handled stays pending. */
  async run(signal: AbortSignal): Promise<void> {
    let patience: NodeJS.Timeout | undefined;
    const end = (): void => {
      if (this.#blocked) this.#redis.disconnect();
      else patience = setTimeout(() => this.#redis.disconnect(), LAST_WORDS_MS);
    };
    signal.addEventListener('abort', end, { once: true });
    const { stream } = this.#reader;
    const tell = (cause: unknown): void => this.#reader.report({ kind: 'unreadable', stream, cause });
    try {
      while (!signal.aborted) await insist(() => this.#turn(signal), tell, signal);
    } finally {
      signal.removeEventListener('abort', end);
      clearTimeout(patience);
      this.#redis.disconnect();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    try {
      await this.#create();
      for (const entry of await this.#read()) {
        if (signal.aborted) return;
        await this.#deliver(entry, signal);
      }
    } catch (error) {
      // What was delivered in this turn and not acknowledged is among the unfinished ones.
      this.#unfinished = '0-0';
      if (isReplyError(error, 'NOGROUP')) this.#exists = false;
      throw error;
    }
  }

  /** From the stream's beginning: a group that is new, or that somebody deleted, misses nothing that is still there. */
  async #create(): Promise<void> {
    if (this.#exists) return;
    try {
      await this.#redis.call('XGROUP', 'CREATE', this.#key, this.#group, '0', 'MKSTREAM');
    } catch (error) {
      if (!isReplyError(error, 'BUSYGROUP')) throw error;
    }
    this.#exists = true;
  }

  async #read(): Promise<ReadEntry[]> {
    if (this.#unfinished !== undefined) {
      const entries = await this.#readGroup(this.#unfinished);
      this.#unfinished = entries.at(-1)?.id;
      return entries;
    }
    if (this.#timing.now() - this.#claimedAt >= this.#timing.claimEveryMs) {
      this.#claimedAt = this.#timing.now();
      return this.#claim();
    }
    return this.#readGroup('>');
  }

  async #readGroup(after: string): Promise<ReadEntry[]> {
    const isNew = after === '>';
    const reader = [
      'GROUP',
      this.#group,
      this.#consumer,
      'COUNT',
      READ_COUNT,
      ...(isNew ? ['BLOCK', BLOCK_MS] : []),
    ];
    this.#blocked = isNew;
    try {
      return toReadEntries(await this.#redis.call('XREADGROUP', ...reader, 'STREAMS', this.#key, after));
    } finally {
      this.#blocked = false;
    }
  }

  async #claim(): Promise<ReadEntry[]> {
    const reader = [this.#key, this.#group, this.#consumer, this.#timing.claimIdleMs];
    const reply = await this.#redis.call('XAUTOCLAIM', ...reader, this.#claimFrom, 'COUNT', READ_COUNT);
    const [next, entries, gone] = Array.isArray(reply) ? (reply as unknown[]) : [];
    this.#claimFrom = typeof next === 'string' ? next : '0-0';
    if (Array.isArray(gone) && gone.length > 0) this.#vanished(gone.length);
    return toEntries(entries);
  }

  async #deliver(entry: ReadEntry, signal: AbortSignal): Promise<void> {
    if (entry.fields === undefined) this.#vanished(1);
    else {
      const batch = this.#reader.open(entry);
      if (batch !== undefined && !(await this.#accept(entry.id, batch, signal))) return;
    }
    await this.#redis.call('XACK', this.#key, this.#group, entry.id);
  }

  /** True where the batch is done with: handled, or known already. */
  async #accept(id: string, batch: OpenedBatch, signal: AbortSignal): Promise<boolean> {
    const judgement = this.#audit.judge(id, batch);
    for (const told of await this.#confirm(id, batch, judgement)) this.#reader.tell(id, batch, told);
    this.#audit.remember(id, batch);
    return judgement.kind === 'duplicate' || this.#handle(id, batch, signal);
  }

  async #handle(id: string, batch: OpenedBatch, signal: AbortSignal): Promise<boolean> {
    const stored = toStored(id, batch);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#handler(stored);
        return true;
      } catch (cause) {
        if (attempt === HANDLER_ATTEMPTS || signal.aborted) {
          this.#reader.report({ kind: 'handler-failed', stream: this.#reader.stream, id, cause });
          return false;
        }
        await backOff(attempt, signal);
      }
    }
  }

  /** Of a gap only what other readers of the group did not get: their entries lie between. */
  async #confirm(id: string, batch: OpenedBatch, judgement: Judgement): Promise<Judgement[]> {
    if (judgement.kind !== 'gap') return [judgement];
    const { since, from, to } = judgement;
    const between = await batchesBetween(this.#redis, this.#reader, batch, since, id);
    if (between === undefined) return [];
    return missingRanges(from, to, between).map((range) => ({ kind: 'gap', since, ...range }));
  }

  #vanished(entries: number): void {
    this.#reader.report({ kind: 'vanished', stream: this.#reader.stream, entries });
  }
}

import { type ReadEntry, toEntries, toReadEntries } from '../redis/replies.js';
import type { StoredDecision } from './decision-source.js';
import type { RecordPosition } from './record-id.js';
import { type BlockingRedis, STREAM_KEYS } from './redis-commands.js';
import { SequenceAudit } from './sequence-audit.js';
import { type StreamReader, toStored } from './stream-reader.js';
import { insist } from './waiting.js';

const READ_COUNT = 8;
const BLOCK_MS = 1_000;

interface Reading {
  readonly entries: readonly ReadEntry[];
  /** The entry after which the next reading begins. */
  readonly cursor: string;
}

/** Reads one stream as it grows, with its own cursor, and goes on where it was after Redis was away. */
export class TailStream {
  readonly #reader: StreamReader;
  readonly #redis: BlockingRedis;
  readonly #audit = new SequenceAudit();

  /** The connection is this reader's alone, and ends with it. */
  constructor(reader: StreamReader, redis: BlockingRedis) {
    this.#reader = reader;
    this.#redis = redis;
  }

  async *read(
    after: RecordPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<StoredDecision, void, undefined> {
    const disconnect = (): void => this.#redis.disconnect();
    signal.addEventListener('abort', disconnect, { once: true });
    try {
      let reading = await this.#insist(() => this.#first(after), signal);
      while (reading !== undefined) {
        for (const entry of reading.entries) {
          const stored = this.#toStored(entry);
          yield* after?.entry === entry.id ? stored.slice(after.index + 1) : stored;
        }
        const { cursor } = reading;
        reading = await this.#insist(() => this.#next(cursor), signal);
      }
    } finally {
      signal.removeEventListener('abort', disconnect);
      disconnect();
    }
  }

  #toStored(entry: ReadEntry): StoredDecision[] {
    const batch = this.#reader.open(entry);
    if (batch === undefined) return [];
    const judgement = this.#audit.judge(entry.id, batch);
    this.#audit.remember(entry.id, batch);
    this.#reader.tell(entry.id, batch, judgement);
    return judgement.kind === 'duplicate' ? [] : toStored(entry.id, batch);
  }

  /** The rest of the batch that was read last, or the place where the stream ends now. */
  async #first(after: RecordPosition | undefined): Promise<Reading> {
    const key = STREAM_KEYS[this.#reader.stream];
    if (after === undefined) {
      const [newest] = toEntries(await this.#redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1));
      return { entries: [], cursor: newest?.id ?? '0-0' };
    }
    const entries = toEntries(await this.#redis.call('XRANGE', key, after.entry, after.entry));
    return { entries, cursor: after.entry };
  }

  async #next(cursor: string): Promise<Reading> {
    const key = STREAM_KEYS[this.#reader.stream];
    const reply = await this.#redis.call(
      'XREAD',
      'COUNT',
      READ_COUNT,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      key,
      cursor,
    );
    const entries = toReadEntries(reply);
    return { entries, cursor: entries.at(-1)?.id ?? cursor };
  }

  #insist<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const { stream } = this.#reader;
    return insist(read, (cause) => this.#reader.report({ kind: 'unreadable', stream, cause }), signal);
  }
}

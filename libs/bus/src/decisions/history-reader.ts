import { type ReadEntry, toEntries } from '../redis/replies.js';
import type { HistoryPage, HistoryQuery, StoredDecision } from './decision-source.js';
import { parseRecordId, recordId, type RecordPosition } from './record-id.js';
import { type RedisCommands, STREAM_KEYS } from './redis-commands.js';
import { type StreamReader, toStored } from './stream-reader.js';
import { untilAborted } from './waiting.js';

const PAGE_ENTRIES = 64;
/** Most entries that one query reads; a filter that matches little gets the rest with the next page. */
const MAX_ENTRIES = 8_192;
const MAX_LIMIT = 1_000;

/** Reads one stream backwards, a page at a time. */
export class HistoryReader {
  readonly #reader: StreamReader;
  readonly #redis: RedisCommands;

  constructor(reader: StreamReader, redis: RedisCommands) {
    this.#reader = reader;
    this.#redis = redis;
  }

  async read({ before, limit, filter }: HistoryQuery, signal: AbortSignal): Promise<HistoryPage> {
    const wanted = Math.min(Math.max(1, Math.floor(limit)), MAX_LIMIT);
    const decisions: StoredDecision[] = [];
    // A batch that was written twice is shown once.
    const seen = new Set<string>();
    const position = before === undefined ? undefined : parseRecordId(before);
    let read = 0;
    for await (const entry of this.#backwards(position, signal)) {
      for (const stored of this.#newestFirst(entry, position)) {
        if (seen.has(stored.origin) || filter?.(stored.record) === false) continue;
        seen.add(stored.origin);
        decisions.push(stored);
        if (decisions.length === wanted) return { decisions, next: stored.id };
      }
      read += 1;
      if (read === MAX_ENTRIES) return { decisions, next: recordId(entry.id, 0) };
    }
    return { decisions };
  }

  async *#backwards(before: RecordPosition | undefined, signal: AbortSignal): AsyncGenerator<ReadEntry> {
    let newest = before?.entry ?? '+';
    for (;;) {
      const entries = await this.#range(newest, signal);
      yield* entries;
      const last = entries.at(-1);
      if (last === undefined) return;
      newest = `(${last.id}`;
    }
  }

  #newestFirst(entry: ReadEntry, before: RecordPosition | undefined): StoredDecision[] {
    const batch = this.#reader.open(entry);
    if (batch === undefined) return [];
    const stored = toStored(entry.id, batch);
    return (before?.entry === entry.id ? stored.slice(0, before.index) : stored).toReversed();
  }

  async #range(newest: string, signal: AbortSignal): Promise<ReadEntry[]> {
    const key = STREAM_KEYS[this.#reader.stream];
    return toEntries(
      await untilAborted(this.#redis.call('XREVRANGE', key, newest, '-', 'COUNT', PAGE_ENTRIES), signal),
    );
  }
}

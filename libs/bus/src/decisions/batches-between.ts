import { toEntries } from '../redis/replies.js';
import type { OpenedBatch } from './open-batch.js';
import { type RedisCommands, STREAM_KEYS } from './redis-commands.js';
import { writerOf } from './sequence-audit.js';
import type { StreamReader } from './stream-reader.js';

const MAX_PAGES = 16;
const PAGE_ENTRIES = 256;

/**
 * Batches of the same writer between two entries, which other readers of a group may have got; nothing where there is
 * too much between them to say.
 */
export async function batchesBetween(
  redis: RedisCommands,
  reader: StreamReader,
  batch: OpenedBatch,
  after: string,
  before: string,
): Promise<OpenedBatch[] | undefined> {
  const writer = writerOf(batch);
  const found: OpenedBatch[] = [];
  let from = `(${after}`;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = [STREAM_KEYS[reader.stream], from, `(${before}`, 'COUNT', PAGE_ENTRIES];
    const entries = toEntries(await redis.call('XRANGE', ...range));
    for (const entry of entries) {
      const other = reader.open(entry);
      if (other !== undefined && writerOf(other) === writer) found.push(other);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE_ENTRIES) return found;
    from = `(${last.id}`;
  }
  return undefined;
}

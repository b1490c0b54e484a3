import { z } from 'zod';

import type { EntryFields } from './batch-chain.js';
import { type RedisCommands, STREAM_KEYS } from './redis-commands.js';
import { within } from './waiting.js';

/** A batch as it goes to the stream or to the journal: signed once, the same bytes in both. */
export interface SealedBatch {
  readonly records: number;
  readonly decisions: EntryFields;
  /** Absent where the batch has no denial. */
  readonly denials: EntryFields | undefined;
}

const fields = z.array(z.string()).max(16);
const Sealed = z.strictObject({ records: z.number().int(), decisions: fields, denials: fields.optional() });

/** The journal's form of a batch. */
export function encodeSealed(batch: SealedBatch): Uint8Array {
  return Buffer.from(JSON.stringify(batch));
}

/** What the journal gave back, or nothing where it is no batch. */
export function decodeSealed(bytes: Uint8Array): SealedBatch | undefined {
  try {
    const { records, decisions, denials } = Sealed.parse(JSON.parse(Buffer.from(bytes).toString()));
    return { records, decisions, denials };
  } catch {
    return undefined;
  }
}

/** Writes batches to the streams, all or none, within a time. */
export class StreamWriter {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  /** Resolves when every batch is on its streams. A rejection after `timeoutMs` leaves open whether they are. */
  async write(batches: readonly SealedBatch[], timeoutMs: number): Promise<void> {
    if (this.#redis.status !== 'ready')
      throw new Error(`expected a ready Redis connection, got "${this.#redis.status}"`);
    const commands = batches.flatMap(toCommands);
    const [only] = commands;
    if (only === undefined) return;
    await within(commands.length === 1 ? this.#redis.call(...only) : this.#transaction(commands), timeoutMs);
  }

  /** Resolves when Redis answers. */
  async ping(timeoutMs: number): Promise<void> {
    if (this.#redis.status !== 'ready')
      throw new Error(`expected a ready Redis connection, got "${this.#redis.status}"`);
    await within(this.#redis.call('PING'), timeoutMs);
  }

  async #transaction(commands: string[][]): Promise<void> {
    const results = await this.#redis.multi(commands).exec();
    if (results === null) throw new Error('expected the transaction to run, got an abort');
    for (const [error] of results) if (error !== null) throw error;
  }
}

/** In lower case, as a transaction of ioredis names its commands. */
type Command = [command: 'xadd', ...args: string[]];

function toCommands({ decisions, denials }: SealedBatch): Command[] {
  const add: Command = ['xadd', STREAM_KEYS.decisions, '*', ...decisions];
  return denials === undefined ? [add] : [add, ['xadd', STREAM_KEYS.denials, '*', ...denials]];
}

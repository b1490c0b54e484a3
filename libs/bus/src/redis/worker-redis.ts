import type { RedisConnection } from './create-redis.js';
import { GROUP, KEYS, marksKey, repliesKey } from './names.js';
import { isReplyError, type StreamEntry, toFields, toReadEntries, whole } from './replies.js';
import type { RunAlone, Work } from './work.js';

/** A reply list that nobody reads goes away by itself after this, milliseconds. */
const REPLY_LIFE_MS = '30000';
/** How long one read waits: also the longest that a run alone waits for a read that is under way, milliseconds. */
const BLOCK_MS = '100';
/** Entries in one answer: somebody who can write to Redis decides how long each is, so there are not many. */
const READ_COUNT = 8;
/** A consumer of a process that is gone: nothing pending and idle for this long, milliseconds. */
const FORGET_CONSUMER_MS = 600_000;

/** The commands of a verifier, by what they do. */
export class WorkerRedis {
  readonly commands: RedisConnection;
  readonly consumer: string;
  readonly #reader: RedisConnection;

  constructor(options: { commands: RedisConnection; reader: RedisConnection; consumer: string }) {
    this.commands = options.commands;
    this.#reader = options.reader;
    this.consumer = options.consumer;
  }

  /** New entries, at most `count` and no more than one read may hold; makes the group where it is missing. */
  async read(count: number): Promise<readonly StreamEntry[]> {
    try {
      const wait = ['COUNT', String(Math.min(count, READ_COUNT)), 'BLOCK', BLOCK_MS] as const;
      const from = ['STREAMS', KEYS.requests, '>'] as const;
      const command = ['GROUP', GROUP, this.consumer, ...wait, ...from];
      return whole(toReadEntries(await this.#reader.call('XREADGROUP', ...command)));
    } catch (error) {
      if (!isMissingGroup(error)) throw error;
      await this.createGroup();
      return [];
    }
  }

  /** From the first entry on: what was written while there was no group is wanted too. */
  async createGroup(): Promise<void> {
    try {
      await this.commands.call('XGROUP', 'CREATE', KEYS.requests, GROUP, '0', 'MKSTREAM');
    } catch (error) {
      if (!isReplyError(error, 'BUSYGROUP')) throw error;
    }
  }

  /** Reply, acknowledgement, and the end of a run alone: all or nothing. */
  async reply(text: string, { request, entry, subject }: Work, alone: RunAlone | undefined): Promise<void> {
    const key = repliesKey(request.gateway);
    const transaction = this.commands
      .multi()
      .call('RPUSH', key, text)
      .call('PEXPIRE', key, REPLY_LIFE_MS)
      .call('XACK', KEYS.requests, GROUP, entry.id)
      .call('XDEL', KEYS.requests, entry.id);
    if (alone !== undefined) transaction.call('HDEL', marksKey(subject), alone.run);
    if (alone?.isClean === true) transaction.call('ZREM', KEYS.suspects, subject);
    await execute(transaction);
  }

  /** Takes entries away without a reply; the end of a run alone is noted all the same. */
  async drop(entries: readonly string[], alone?: RunAlone & Pick<Work, 'subject'>): Promise<void> {
    const transaction = this.commands
      .multi()
      .call('XACK', KEYS.requests, GROUP, ...entries)
      .call('XDEL', KEYS.requests, ...entries);
    if (alone !== undefined) transaction.call('HDEL', marksKey(alone.subject), alone.run);
    await execute(transaction);
  }

  /** Says good-bye. Where entries are left, the consumer stays, so that they can be claimed. */
  async leave(hasEntries: boolean): Promise<void> {
    const pipeline = this.commands
      .pipeline()
      .call('ZREM', KEYS.verifiers, this.consumer)
      .call('ZREM', KEYS.isolated, this.consumer);
    if (!hasEntries) pipeline.call('XGROUP', 'DELCONSUMER', KEYS.requests, GROUP, this.consumer);
    await pipeline.exec();
  }

  /** Forgets the consumers of processes that are long gone. */
  async forgetConsumers(): Promise<void> {
    const answer = await this.commands.call('XINFO', 'CONSUMERS', KEYS.requests, GROUP);
    for (const consumer of Array.isArray(answer) ? answer : []) {
      const facts = toFields(consumer);
      const name = facts.get('name');
      const isGone = Number(facts.get('pending')) === 0 && Number(facts.get('idle')) >= FORGET_CONSUMER_MS;
      if (!isGone || typeof name !== 'string') continue;
      await this.commands.call('XGROUP', 'DELCONSUMER', KEYS.requests, GROUP, name);
    }
  }
}

/** True for the error of a stream, or a group, that is not there: at the first start, and after FLUSHALL. */
export function isMissingGroup(error: unknown): boolean {
  return isReplyError(error, 'NOGROUP');
}

/** Runs a transaction or pipeline; throws the first error in it. */
export async function execute(chain: {
  exec(): Promise<[Error | null, unknown][] | null>;
}): Promise<readonly unknown[]> {
  const results = await chain.exec();
  if (results === null) throw new Error('expected the results of a transaction, got none');
  return results.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}

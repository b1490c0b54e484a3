import { isReplyError } from '../redis/replies.js';
import {
  type DecisionHandler,
  DecisionSource,
  type GroupReader,
  type HistoryPage,
  type HistoryQuery,
  type StoredDecision,
  type TailOptions,
} from './decision-source.js';
import { type GroupTiming, GroupStream } from './group-stream.js';
import { HistoryReader } from './history-reader.js';
import type { BatchTrust } from './open-batch.js';
import type { DecisionObserver, DecisionStream } from './observer.js';
import { parseRecordId } from './record-id.js';
import { type BlockingRedis, type RedisCommands, STREAM_KEYS } from './redis-commands.js';
import { StreamReader } from './stream-reader.js';
import { TailStream } from './tail-stream.js';
import { untilAborted } from './waiting.js';

export interface RedisDecisionSourceOptions {
  readonly redis: RedisCommands;
  /** A new connection for a reader that blocks; the reader ends it. */
  readonly connect: () => BlockingRedis;
  /** Whose batches are believed. */
  readonly trust: BatchTrust;
  readonly observe: DecisionObserver;
  /** Monotonic time, ms. */
  readonly now: () => number;
  readonly claimIdleMs?: number;
  readonly claimEveryMs?: number;
}

const CLAIM_IDLE_MS = 30_000;
const CLAIM_EVERY_MS = 5_000;

/** Reads decisions from the Redis streams, and believes only what a gateway of this cluster signed. */
export class RedisDecisionSource extends DecisionSource {
  readonly #redis: RedisCommands;
  readonly #connect: () => BlockingRedis;
  readonly #readers: Readonly<Record<DecisionStream, StreamReader>>;
  readonly #timing: GroupTiming;

  constructor({
    redis,
    connect,
    trust,
    observe,
    now,
    claimIdleMs,
    claimEveryMs,
  }: RedisDecisionSourceOptions) {
    super();
    this.#redis = redis;
    this.#connect = connect;
    this.#readers = {
      decisions: new StreamReader('decisions', trust, observe),
      denials: new StreamReader('denials', trust, observe),
    };
    this.#timing = {
      now,
      claimIdleMs: claimIdleMs ?? CLAIM_IDLE_MS,
      claimEveryMs: claimEveryMs ?? CLAIM_EVERY_MS,
    };
  }

  async consume(reader: GroupReader, handler: DecisionHandler, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new GroupStream(this.#readers[reader.stream], this.#connect(), reader, handler, this.#timing).run(
      signal,
    );
  }

  tail({ after, denialsOnly }: TailOptions, signal: AbortSignal): AsyncIterable<StoredDecision> {
    const position = after === undefined ? undefined : parseRecordId(after);
    return new TailStream(this.#readers[streamOf(denialsOnly)], this.#connect()).read(position, signal);
  }

  history(query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage> {
    return new HistoryReader(this.#readers[streamOf(query.denialsOnly)], this.#redis).read(query, signal);
  }

  async release(stream: DecisionStream, group: string, signal: AbortSignal): Promise<void> {
    try {
      await untilAborted(this.#redis.call('XGROUP', 'DESTROY', STREAM_KEYS[stream], group), signal);
    } catch (error) {
      // No stream, no group: what was asked for is so.
      if (!isReplyError(error, 'ERR The XGROUP subcommand requires the key to exist')) throw error;
    }
  }
}

function streamOf(denialsOnly: boolean | undefined): DecisionStream {
  return denialsOnly === true ? 'denials' : 'decisions';
}

import { setTimeout as pause } from 'node:timers/promises';

import type { RedisConnection } from './create-redis.js';
import { textsOf } from './replies.js';

/** Seconds; shorter than the silence after which a connection counts as dead. */
const BLOCK_SECONDS = '1';
/** Replies taken at once: whoever can write to Redis decides how long each is, so there are not many. */
const BATCH = '8';
const PAUSE_AFTER_ERROR_MS = 50;

/** Takes replies from one list, in order, for as long as it is not stopped. */
export class ReplyReader {
  readonly #redis: RedisConnection;
  readonly #key: string;
  readonly #onReply: (text: string) => void;
  readonly #onError: (error: unknown) => void;
  #stopped = false;

  constructor(options: {
    redis: RedisConnection;
    key: string;
    onReply: (text: string) => void;
    onError: (error: unknown) => void;
  }) {
    this.#redis = options.redis;
    this.#key = options.key;
    this.#onReply = options.onReply;
    this.#onError = options.onError;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        for (const text of repliesIn(
          await this.#redis.call('BLMPOP', BLOCK_SECONDS, '1', this.#key, 'LEFT', 'COUNT', BATCH),
        )) {
          this.#onReply(text);
        }
      } catch (error) {
        if (this.#stopped) return;
        this.#onError(error);
        await pause(PAUSE_AFTER_ERROR_MS);
      }
    }
  }
}

/** BLMPOP answers with the key and the elements, or with null. */
function repliesIn(answer: unknown): readonly string[] {
  if (!Array.isArray(answer) || !Array.isArray(answer[1])) return [];
  return textsOf(answer[1]);
}

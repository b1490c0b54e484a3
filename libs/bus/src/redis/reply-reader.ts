import type { RedisConnection } from './create-redis.js';
import { textsOf } from './replies.js';

/** Seconds; shorter than the silence after which a connection counts as dead. */
const BLOCK_SECONDS = '1';
/** Pops that wait in Redis: together no more replies than this, because whoever can write to Redis decides how long each is. */
const POPS = 8;
/** So few are left when the next are written, several at once: one write for each reply would cost more than the reply. */
const FEW_POPS = 2;
const PAUSE_AFTER_ERROR_MS = 50;

/** Takes replies from one list, in order, for as long as it is not stopped. */
export class ReplyReader {
  readonly #redis: RedisConnection;
  readonly #key: string;
  readonly #onReply: (text: string) => void;
  readonly #onError: (error: unknown) => void;
  #waiting = 0;
  #scheduled = false;
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
    this.#refill();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** All that are missing in one write. */
  #refill(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const pops = this.#redis.pipeline();
    for (; this.#waiting < POPS; this.#waiting += 1) {
      pops.call('BLMPOP', BLOCK_SECONDS, '1', this.#key, 'LEFT', (error: unknown, answer: unknown) => {
        this.#waiting -= 1;
        if (error) this.#fail(error);
        else this.#take(answer);
      });
    }
    pops.exec().catch((error: unknown) => {
      // None was written: a failure of one that was written goes to that one.
      this.#waiting = 0;
      this.#fail(error);
    });
  }

  #take(answer: unknown): void {
    for (const text of repliesIn(answer)) this.#onReply(text);
    // After what waited for the reply has gone on: an answer leaves before we ask for the next one.
    if (this.#waiting <= FEW_POPS) this.#schedule(() => setImmediate(() => this.#refill()));
  }

  /** All that wait fail together: one of them tells it, and one asks again. */
  #fail(error: unknown): void {
    if (this.#stopped || this.#scheduled) return;
    this.#onError(error);
    this.#schedule(() => setTimeout(() => this.#refill(), PAUSE_AFTER_ERROR_MS));
  }

  #schedule(later: () => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    later();
  }
}

/** BLMPOP answers with the key and the elements, or with null. */
function repliesIn(answer: unknown): readonly string[] {
  if (!Array.isArray(answer) || !Array.isArray(answer[1])) return [];
  return textsOf(answer[1]);
}

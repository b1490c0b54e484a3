import type { RedisCommands } from '../decisions/redis-commands.js';
import { untilAborted, within } from '../decisions/waiting.js';

/** For what is only a help. */
const WAIT_MS = 20;
const MAX_WAIT_MS = 1_000;
/** After a failure nobody asks for this long: a slow Redis costs one wait and not one for each image, ms. */
const PAUSE_MS = 500;

export interface BriefRedisOptions {
  readonly redis: RedisCommands;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  /** Late and refused, once each. */
  readonly onFailure: (cause: unknown) => void;
  /** Most milliseconds that anybody waits for Redis; at most 1000, and 20 where absent. */
  readonly timeoutMs?: number | undefined;
}

/** Redis where it answers at once, and nothing where it does not: for what is a help and no need. */
export class BriefRedis {
  readonly #options: BriefRedisOptions;
  readonly #timeoutMs: number;
  #pausedUntil = 0;

  constructor(options: BriefRedisOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(options.timeoutMs ?? WAIT_MS, MAX_WAIT_MS);
  }

  get isReachable(): boolean {
    const pause = this.#pausedUntil - this.#options.now();
    // A clock that was set back does not make the pause longer.
    return this.#options.redis.status === 'ready' && (pause <= 0 || pause > PAUSE_MS);
  }

  /** The reply, or nothing: late and refused are told, and pause the asking. Never rejects. */
  async ask([command, ...args]: [string, ...(string | number)[]], signal?: AbortSignal): Promise<unknown> {
    try {
      const reply = within(this.#options.redis.call(command, ...args), this.#timeoutMs);
      return await (signal === undefined ? reply : untilAborted(reply, signal));
    } catch (cause) {
      if (signal?.aborted === true) return undefined;
      this.#pausedUntil = this.#options.now() + PAUSE_MS;
      this.#options.onFailure(cause);
      return undefined;
    }
  }
}

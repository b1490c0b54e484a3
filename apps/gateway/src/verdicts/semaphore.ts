import { untilAborted } from '#registry';
import { UndecidedError } from '#validator';

/** At most `limit` pieces of work at a time; the others wait in order, each no longer than its signal lets it. */
export class Semaphore {
  #free: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number, mostWaiting = Number.POSITIVE_INFINITY) {
    this.#free = limit;
    this.#mostWaiting = mostWaiting;
  }

  /** Rejects with what `work` rejects with, with the signal's reason, or undecided where too many wait already. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new UndecidedError('CNS-3002', 'too many verifications are waiting already');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(resolve);
      // Not in the list any more: the place was handed to us at the same moment, so hand it on.
      if (at === -1) this.#leave();
      else this.#waiting.splice(at, 1);
      throw error;
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

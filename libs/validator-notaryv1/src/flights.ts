import { untilAborted } from '#registry';

import { NOTARY_LIMITS } from './limits.js';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly started: number;
}

/**
 * One refresh for everybody who wants the same trust data at the same time, with a budget of its own: who leaves early
 * takes nothing from those who stay, and who comes to one that takes long starts another.
 */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #clock: () => number;

  /** `clock` never goes back; milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Joins the flight of `key` or starts one; `signal` ends this caller's waiting only. */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const known = this.#flights.get(key);
    const isYoung = known !== undefined && this.#clock() - known.started < NOTARY_LIMITS.boardingMs;
    return await untilAborted(isYoung ? known.result : this.#start(key, work), signal);
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // A timer that ends with the work: thousands of looks leave nothing behind that waits for its time-out.
    const budget = new AbortController();
    const timer = setTimeout(
      () => budget.abort(new DOMException('a look at trust data took too long', 'TimeoutError')),
      NOTARY_LIMITS.refreshMs,
    );
    const result = work(budget.signal).finally(() => {
      clearTimeout(timer);
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    const flight = { result, started: this.#clock() };
    this.#flights.set(key, flight);
    // Everybody may have left by the time it fails: that is no unhandled rejection.
    result.catch(() => undefined);
    return result;
  }
}

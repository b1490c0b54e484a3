import type { Clock } from '../verification/clock.js';

/** Milliseconds. */
const LONGEST_TRIP_MS = 250;

/**
 * Redis' clock, read with `TIME` and carried on by the monotonic one: the ids of stream entries are Redis' time, so that
 * the age of a request does not depend on anybody's wall clock.
 */
export class RedisClock {
  readonly #clock: Clock;
  #offset: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False until `TIME` was read once. */
  get isSet(): boolean {
    return this.#offset !== undefined;
  }

  /** Milliseconds since the epoch, by Redis. */
  now(): number {
    return Math.round(this.#clock.now() + (this.#offset ?? 0));
  }

  /** Takes the answer to a `TIME` that was sent at `sentAt` by the monotonic clock. */
  set(reply: unknown, sentAt: number): void {
    if (!Array.isArray(reply)) return;
    const [seconds, microseconds] = reply.map(Number);
    if (!Number.isFinite(seconds) || !Number.isFinite(microseconds)) return;
    const arrivedAt = this.#clock.now();
    // An answer that was long under way (Redis was away) says little about when it was given.
    if (this.#offset !== undefined && arrivedAt - sentAt > LONGEST_TRIP_MS) return;
    const middle = (sentAt + arrivedAt) / 2;
    this.#offset = (seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000 - middle;
  }
}

/** When the entry was written, milliseconds since the epoch by Redis; NaN where the text is no entry id. */
export function timeOfEntry(id: string): number {
  return Number(/^(\d{1,16})-\d+$/.exec(id)?.[1] ?? Number.NaN);
}

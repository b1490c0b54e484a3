import { untilAborted } from '#registry';
import { UndecidedError } from '#validator';

/** For this long an answer of a registry speaks for it, ms. */
const GOOD_MS = 30_000;
const MAX_REMEMBERED = 1_024;

/** What a piece of work says of its registry; undefined where it says nothing. */
export type Spoke = 'answered' | 'hung' | undefined;

interface Lane {
  readonly waiting: Set<() => void>;
  running: number;
}

/**
 * Places for verifications, of which no registry can take all, and registries that hang not either, however many they are:
 * one that has answered lately has a quarter, one that has not a foothold of one in 16, and all of those together half.
 * The last quarter is for first footholds only. Verifiers share theirs by the same rule.
 */
export class HostPlaces {
  readonly #limit: number;
  readonly #mostWaiting: number;
  readonly #now: () => number;
  /** By host; only hosts that have work, and no more of them than may wait. */
  readonly #lanes = new Map<string, Lane>();
  /** When each last answered; in order of that. */
  readonly #answered = new Map<string, number>();
  #running = 0;

  /** `mostWaiting`: for one host. */
  constructor(limit: number, mostWaiting: number, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#mostWaiting = mostWaiting;
    this.#now = now;
  }

  /** How many hosts have work. */
  get hosts(): number {
    return this.#lanes.size;
  }

  /**
   * Rejects with what `work` rejects with, with the signal's reason, or undecided where too many wait already or no place
   * was free within `patienceMs`.
   */
  async run<T>(
    host: string,
    work: () => Promise<T>,
    signal: AbortSignal,
    spoke: (result: T) => Spoke = () => 'answered',
    patienceMs?: number,
  ): Promise<T> {
    signal.throwIfAborted();
    const lane = this.#laneOf(host);
    const patience = patienceMs === undefined ? signal : patient(signal, patienceMs);
    await this.#enter(host, lane, patience);
    let said: Spoke;
    try {
      const result = await work();
      said = spoke(result);
      return result;
    } catch (error) {
      if (signal.aborted) said = 'hung';
      throw error;
    } finally {
      this.#learn(host, said);
      this.#leave(host, lane);
    }
  }

  #laneOf(host: string): Lane {
    const known = this.#lanes.get(host);
    if (known !== undefined) return known;
    if (this.#lanes.size >= this.#limit + this.#mostWaiting) throw tooMany();
    const lane = { waiting: new Set<() => void>(), running: 0 };
    this.#lanes.set(host, lane);
    return lane;
  }

  async #enter(host: string, lane: Lane, signal: AbortSignal): Promise<void> {
    if (lane.waiting.size === 0 && this.#hasPlace(host, lane)) {
      this.#take(lane);
      return;
    }
    if (lane.waiting.size >= this.#mostWaiting) throw tooMany();
    const { promise, resolve } = Promise.withResolvers<void>();
    lane.waiting.add(resolve);
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      // Not among them any more: the place was handed to us at the same moment, so hand it on.
      if (lane.waiting.delete(resolve)) this.#forget(host, lane);
      else this.#leave(host, lane);
      throw error;
    }
  }

  #hasPlace(host: string, { running }: Lane): boolean {
    const free = this.#limit - this.#running;
    if (free <= 0) return false;
    const isAnswering = this.#isAnswering(host);
    if (running < Math.max(1, Math.floor(this.#limit / 16)))
      return isAnswering || this.#doubtful() < Math.ceil(this.#limit / 2);
    return isAnswering && running < Math.ceil(this.#limit / 4) && free > Math.floor(this.#limit / 4);
  }

  /** Places of registries that have not answered lately. */
  #doubtful(): number {
    let count = 0;
    for (const [host, { running }] of this.#lanes) if (!this.#isAnswering(host)) count += running;
    return count;
  }

  #isAnswering(host: string): boolean {
    const at = this.#answered.get(host);
    return at !== undefined && this.#now() - at < GOOD_MS;
  }

  #learn(host: string, said: Spoke): void {
    if (said === undefined) return;
    this.#answered.delete(host);
    if (said === 'hung') return;
    this.#answered.set(host, this.#now());
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > MAX_REMEMBERED && oldest !== undefined) this.#answered.delete(oldest);
  }

  #take(lane: Lane): void {
    lane.running += 1;
    this.#running += 1;
  }

  #leave(host: string, lane: Lane): void {
    lane.running -= 1;
    this.#running -= 1;
    this.#forget(host, lane);
    this.#pump();
  }

  /** Begins what can begin; hosts take turns: who got a place goes to the end of the row, and is met again there. */
  #pump(): void {
    for (const [host, lane] of this.#lanes) {
      const [next] = lane.waiting;
      if (next === undefined || !this.#hasPlace(host, lane)) continue;
      lane.waiting.delete(next);
      this.#take(lane);
      this.#lanes.delete(host);
      this.#lanes.set(host, lane);
      next();
    }
  }

  #forget(host: string, lane: Lane): void {
    if (lane.running === 0 && lane.waiting.size === 0) this.#lanes.delete(host);
  }
}

function patient(signal: AbortSignal, ms: number): AbortSignal {
  const patience = new AbortController();
  const end = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  end.addEventListener('abort', () => patience.abort(signal.aborted ? signal.reason : tooMany()), {
    once: true,
  });
  return patience.signal;
}

function tooMany(): UndecidedError {
  return new UndecidedError('CNS-3002', 'too many verifications are waiting already');
}

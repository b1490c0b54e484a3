import { untilAborted } from '#registry';

/** A flight that is older than this may hang on something that has passed: who waits for it gets a second one, ms. */
const BOARDING_MS = 2_000;

interface Flight<T> {
  readonly result: Promise<T>;
  readonly started: number;
}

/**
 * One piece of work for all who want the same answer at the same time. A flight has its own budget: a caller who
 * leaves early takes nothing away from those who stay. One that takes long gets a second beside it for those who
 * joined it, so that a look that hangs costs them no more than a moment and their own look.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>[]>();
  readonly #budgetMs: number;
  readonly #clock: () => number;

  constructor(options: { budgetMs: number; clock?: () => number }) {
    this.#budgetMs = options.budgetMs;
    this.#clock = options.clock ?? ((): number => performance.now());
  }

  /** Joins a flight of `key` or starts one; `signal` ends this caller's waiting, not the flight. */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const [first] = this.#flights.get(key) ?? [];
    if (first === undefined) return await untilAborted(this.#start(key, work).result, signal);
    const landed = await untilAborted(this.#landsInTime(first), signal);
    if (landed) return await first.result;
    const [older = first, second = this.#start(key, work)] = this.#flights.get(key) ?? [];
    // The older flight may land first after all; a failure of one is no answer while the other is under way.
    return await untilAborted(firstOf([older.result, second.result]), signal);
  }

  /** Keys with a flight under way. */
  get size(): number {
    return this.#flights.size;
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const result = work(AbortSignal.timeout(this.#budgetMs)).finally(() => this.#land(key, flight));
    const flight: Flight<T> = { result, started: this.#clock() };
    this.#flights.set(key, [...(this.#flights.get(key) ?? []), flight]);
    // Every caller may have left by the time it fails: that is no unhandled rejection.
    result.catch(() => undefined);
    return flight;
  }

  /** False when the flight has taken so long that a second one is worth its while. */
  async #landsInTime({ result, started }: Flight<T>): Promise<boolean> {
    const left = BOARDING_MS - (this.#clock() - started);
    if (left <= 0) return false;
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), left);
    const landed = result.then(
      () => true,
      () => true,
    );
    return await Promise.race([landed, late]).finally(() => clearTimeout(timer));
  }

  #land(key: string, flight: Flight<T>): void {
    const others = (this.#flights.get(key) ?? []).filter((each) => each !== flight);
    if (others.length === 0) this.#flights.delete(key);
    else this.#flights.set(key, others);
  }
}

/** The first result; where all fail, the last one's error. */
async function firstOf<T>(results: readonly Promise<T>[]): Promise<T> {
  const [only] = results;
  if (results.length === 1 && only !== undefined) return await only;
  try {
    return await Promise.any(results);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors.at(-1) : error;
  }
}

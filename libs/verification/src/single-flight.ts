/** A flight that is older than this may hang on something that has passed: who comes now does not board it, ms. */
const BOARDING_MS = 2_000;
/** Flights of one key at the same time: the one that may hang, and a second look. */
const MAX_FLIGHTS = 2;

interface Flight<T> {
  readonly result: Promise<T>;
  readonly started: number;
}

/**
 * One piece of work for all who want the same answer at the same time. A flight has its own budget: a caller who
 * leaves early takes nothing away from those who stay. One that takes long is joined by a second, so that a look that
 * hangs costs those who come later no more than their own look.
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
    const flights = this.#flights.get(key) ?? [];
    const latest = flights.at(-1);
    const boards =
      latest !== undefined && (flights.length >= MAX_FLIGHTS || this.#clock() - latest.started < BOARDING_MS);
    const own = boards ? latest : this.#start(key, work);
    // The older flight may land first after all; a failure of one is no answer while the other is under way.
    const results = [...(own === latest ? flights : [...flights, own])].map(({ result }) => result);
    return await withSignal(firstOf(results), signal);
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

/** The promise's result, or the signal's reason if that comes first. */
export async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * One piece of work for all who want the same answer at the same time. A flight has its own budget: a caller who
 * leaves early takes nothing away from those who stay.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();
  readonly #budgetMs: number;

  constructor(options: { budgetMs: number }) {
    this.#budgetMs = options.budgetMs;
  }

  /** Joins the flight of `key` or starts one; `signal` ends this caller's waiting, not the flight. */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return await withSignal(this.#flights.get(key) ?? this.#start(key, work), signal);
  }

  get size(): number {
    return this.#flights.size;
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = work(AbortSignal.timeout(this.#budgetMs)).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    // Every caller may have left by the time it fails: that is no unhandled rejection.
    flight.catch(() => undefined);
    return flight;
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

import { KubernetesError } from './error.js';

export interface RecentAnswersOptions {
  readonly freshMs: number;
  readonly maxKept: number;
  readonly maxAtOnce: number;
  /** A clock that nobody sets, ms. */
  readonly monotonic: () => number;
}

/** The longest that one question may take, whoever asks: it answers all who ask meanwhile, ms. */
const BUDGET_MS = 3_000;

/**
 * Asks the API server once for all who want to know the same at the same time, and remembers what is there for a moment.
 * What is not there is asked for again each time: it may have been made since. Rejects beyond `maxAtOnce`.
 */
export class RecentAnswers<T> {
  readonly #options: RecentAnswersOptions;
  readonly #kept = new Map<string, { readonly answer: T; readonly until: number }>();
  readonly #flights = new Map<string, Promise<T | undefined>>();

  constructor(options: RecentAnswersOptions) {
    this.#options = options;
  }

  async get(
    key: string,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    signal.throwIfAborted();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > this.#options.monotonic()) return kept.answer;
    return await untilAborted(this.#flights.get(key) ?? this.#fly(key, ask), signal);
  }

  #fly(key: string, ask: (signal: AbortSignal) => Promise<T | undefined>): Promise<T | undefined> {
    const { maxAtOnce, monotonic, freshMs } = this.#options;
    if (this.#flights.size >= maxAtOnce) {
      const message = `expected at most ${maxAtOnce} questions to the API server at once, got more`;
      return Promise.reject(new KubernetesError('unreachable', message));
    }
    // As old as the question: the answer was true then.
    const until = monotonic() + freshMs;
    const flight = ask(AbortSignal.timeout(BUDGET_MS))
      .then((answer) => {
        if (answer !== undefined) this.#keep(key, answer, until);
        return answer;
      })
      .finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  #keep(key: string, answer: T, until: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { answer, until });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#options.maxKept && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Nothing where it is not there or nobody could tell, which `onFailure` hears; what is no answer of the API server throws. */
export async function orUntold<T>(
  answer: Promise<T | undefined>,
  onFailure: (error: KubernetesError) => void,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof KubernetesError)) throw error;
    onFailure(error);
    return undefined;
  }
}

/** The flight goes on for the others when one of them has to go. */
async function untilAborted<T>(flight: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([flight, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

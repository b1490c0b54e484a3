import type { Logger } from '#observability';

/** A fault that repeats is told again after this time. */
const SILENCE_MS = 30_000;
const MAX_KINDS = 50;

/** Tells faults of the connections to Redis once for each kind and half minute: clients try again twenty times in a second. */
export class FaultLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #told = new Map<string, { at: number; repeated: number }>();

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#now = now;
  }

  report(error: unknown): void {
    const kind = kindOf(error);
    const told = this.#told.get(kind);
    if (told !== undefined && this.#now() - told.at < SILENCE_MS) {
      told.repeated += 1;
      return;
    }
    if (this.#told.size >= MAX_KINDS) this.#told.clear();
    this.#told.set(kind, { at: this.#now(), repeated: 0 });
    this.#logger.warn(
      { err: error, repeated: told?.repeated ?? 0 },
      'Redis connection fault; it is tried again',
    );
  }
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : error.message.slice(0, 100);
}

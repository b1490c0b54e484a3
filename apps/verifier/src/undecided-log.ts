import type { Verdict } from '#contracts';
import type { Logger } from '#observability';

/** The same cause is told again after this time. */
const SILENCE_MS = 30_000;
/** Images name hosts, so anybody who may create a Pod could fill the log: in one silence no more causes than this. */
const MAX_CAUSES = 50;

/** Tells why nobody could look: for each registry and code once in half a minute, with the number of those not told. */
export class UndecidedLog {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #told = new Map<string, { readonly at: number; repeated: number }>();
  #begun = -Infinity;

  constructor(log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** The message of an undecided verdict holds no secret, and nothing that a registry wrote. */
  report({ code, message }: Extract<Verdict, { outcome: 'undecided' }>, host: string): void {
    const now = this.#now();
    const key = `${code} ${host}`;
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < SILENCE_MS) {
      told.repeated += 1;
      return;
    }
    this.#forget(now);
    if (this.#told.size >= MAX_CAUSES) return;
    this.#told.set(key, { at: now, repeated: 0 });
    this.#log.warn(
      { host, code, reason: message, repeated: told?.repeated ?? 0 },
      'an image could not be checked',
    );
  }

  #forget(now: number): void {
    if (now - this.#begun < SILENCE_MS) return;
    for (const [key, { at, repeated }] of this.#told) {
      if (now - at >= SILENCE_MS && repeated === 0) this.#told.delete(key);
    }
    if (this.#told.size >= MAX_CAUSES) this.#told.clear();
    this.#begun = now;
  }
}

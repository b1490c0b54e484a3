import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 100;

export interface WaitOptions {
  readonly seconds?: number;
  /** What to add to the error: the tails of logs. */
  readonly context?: () => string;
}

/**
 * The first value of `probe` that is neither `undefined` nor `false`. Its errors count as "not yet"; the last one is the
 * cause when time is up.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { seconds = 30, context = () => '' }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  let cause: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(POLL_MS);
  } while (performance.now() < end);
  throw new Error(`${what} did not come true in ${seconds} s\n${context()}`.trimEnd(), { cause });
}

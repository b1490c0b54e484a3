import { setTimeout as sleep } from 'node:timers/promises';

/** The promise's end, or a rejection with the signal's reason as soon as it is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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

/** The promise's own end, or a rejection after this time. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`expected an answer of Redis within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** Waits between attempts, longer each time; resolves at once when the signal is aborted. */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Tries until it works or the signal is aborted, which gives nothing. The first failure of a series is told. */
export async function insist<T>(
  attempt: () => Promise<T>,
  tell: (cause: unknown) => void,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      return await attempt();
    } catch (cause) {
      // An abort cuts the connection: that is no failure.
      if (signal.aborted) return undefined;
      if (failures === 0) tell(cause);
      await backOff(failures, signal);
    }
  }
  return undefined;
}

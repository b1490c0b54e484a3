import { setTimeout as sleep } from 'node:timers/promises';

/** True where the work settled in time; a rejection settles too, and is nobody's concern any more. */
export async function isDoneWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const ending = new AbortController();
  const inTime = await Promise.race([
    Promise.allSettled([work]).then(() => true),
    // The abort only ends the timer; the race is decided by then.
    sleep(ms, false, { signal: ending.signal }).catch(() => false),
  ]);
  ending.abort();
  return inTime;
}

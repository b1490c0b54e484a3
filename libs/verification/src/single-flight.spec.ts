import { describe, expect, test } from 'vitest';

import { untilAborted } from '#registry';

import { SingleFlight } from './single-flight.js';

const never = new AbortController().signal;

describe('SingleFlight', () => {
  test('F31: 500 callers, one piece of work, one answer', async () => {
    const flights = new SingleFlight<number>({ budgetMs: 1_000 });
    const { promise, resolve } = Promise.withResolvers<number>();
    let begun = 0;
    const work = async (): Promise<number> => {
      begun += 1;
      return await promise;
    };
    const callers = Array.from({ length: 500 }, async () => await flights.join('k', work, never));
    expect(flights.size).toBe(1);
    resolve(7);
    expect(new Set(await Promise.all(callers))).toEqual(new Set([7]));
    expect([begun, flights.size]).toEqual([1, 0]);
  });

  test('another key is another flight', async () => {
    const flights = new SingleFlight<string>({ budgetMs: 1_000 });
    await expect(
      Promise.all(['a', 'b'].map(async (key) => await flights.join(key, async () => key, never))),
    ).resolves.toEqual(['a', 'b']);
  });

  test('a caller that leaves takes nothing from those who stay', async () => {
    const flights = new SingleFlight<number>({ budgetMs: 1_000 });
    const { promise, resolve } = Promise.withResolvers<number>();
    const hurry = new AbortController();
    let signal: AbortSignal | undefined;
    const first = flights.join('k', async (own) => ((signal = own), await promise), hurry.signal);
    const second = flights.join('k', async () => await promise, never);
    hurry.abort(new DOMException('over', 'TimeoutError'));
    await expect(first).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(signal?.aborted).toBe(false);
    resolve(1);
    await expect(second).resolves.toBe(1);
  });

  test('a failure is everybody’s, and the next caller begins anew', async () => {
    const flights = new SingleFlight<number>({ budgetMs: 1_000 });
    const failing = async (): Promise<number> => await Promise.reject(new RangeError('no'));
    const both = await Promise.allSettled([
      flights.join('k', failing, never),
      flights.join('k', failing, never),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(flights.join('k', async () => 2, never)).resolves.toBe(2);
  });

  test('G17: a flight that hangs gets one second flight, whose answer serves all who joined', async () => {
    let now = 0;
    const flights = new SingleFlight<string>({ budgetMs: 60_000, clock: () => now });
    const hung = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    let looks = 0;
    const work = (): Promise<string> => {
      looks += 1;
      return looks === 1 ? hung.promise : second.promise;
    };
    const { signal } = new AbortController();
    const first = flights.join('key', work, signal);
    now = 1_990;
    const early = flights.join('key', work, signal);
    expect(looks).toBe(1);
    now = 2_000;
    const late = flights.join('key', work, signal);
    await expect.poll(() => looks).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(looks).toBe(2);
    second.resolve('second');
    await expect(Promise.all([early, late])).resolves.toEqual(['second', 'second']);
    hung.resolve('first');
    await expect(first).resolves.toBe('first');
    expect(flights.size).toBe(0);
  });

  test('a flight has a budget of its own', async () => {
    const flights = new SingleFlight<number>({ budgetMs: 20 });
    const waits = async (signal: AbortSignal): Promise<number> =>
      await untilAborted(Promise.withResolvers<number>().promise, signal);
    await expect(flights.join('k', waits, never)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(flights.size).toBe(0);
  });

  test('F39: a flight that fails when all have left is no unhandled rejection', async () => {
    const flights = new SingleFlight<number>({ budgetMs: 1_000 });
    const { promise, reject } = Promise.withResolvers<number>();
    const gone = new AbortController();
    const caller = flights.join('k', async () => await promise, gone.signal);
    gone.abort();
    await expect(caller).rejects.toMatchObject({ name: 'AbortError' });
    reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(flights.size).toBe(0);
  });
});

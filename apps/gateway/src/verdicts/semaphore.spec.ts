import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Semaphore } from './semaphore.js';

const never = new AbortController().signal;

test('at most so many at a time, in order', async () => {
  const semaphore = new Semaphore(2);
  let [running, most] = [0, 0];
  const order: number[] = [];
  const work = async (n: number): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    order.push(n);
    await sleep(1);
    running -= 1;
  };
  await Promise.all([1, 2, 3, 4, 5].map(async (n) => await semaphore.run(async () => await work(n), never)));
  expect([most, order]).toEqual([2, [1, 2, 3, 4, 5]]);
});

test('who leaves the queue leaves no hole, and failed work frees its place', async () => {
  const semaphore = new Semaphore(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = semaphore.run(async () => await promise, never);
  const leaver = new AbortController();
  const second = semaphore.run(async () => 2, leaver.signal);
  const third = semaphore.run(async () => await Promise.reject(new RangeError('no')), never);
  const fourth = semaphore.run(async () => 4, never);
  leaver.abort();
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
  resolve();
  await first;
  await expect(third).rejects.toThrow(RangeError);
  await expect(fourth).resolves.toBe(4);
});

test('a place that is handed over to one who leaves at that moment is not lost', async () => {
  const semaphore = new Semaphore(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = semaphore.run(async () => await promise, never);
  const leaver = new AbortController();
  const second = semaphore.run(async () => 2, leaver.signal);
  resolve();
  await first;
  leaver.abort();
  await Promise.allSettled([second]);
  await expect(semaphore.run(async () => 3, AbortSignal.timeout(500))).resolves.toBe(3);
});

test('S17: a full queue says so at once', async () => {
  const semaphore = new Semaphore(1, 1);
  const stop = new AbortController();
  const busy = semaphore.run(async () => await new Promise(() => undefined), never);
  const waiting = semaphore.run(async () => 1, stop.signal);
  await expect(semaphore.run(async () => 2, never)).rejects.toMatchObject({ code: 'CNS-3002' });
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(busy).toBeInstanceOf(Promise);
});

test('an aborted signal gets no place', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(async () => 1, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  await expect(semaphore.run(async () => 1, never)).resolves.toBe(1);
});

import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Deadline } from './deadline.js';

test.for([
  { name: 'a default webhook', timeoutMs: 10_000, ms: 9_500 },
  { name: 'a long one', timeoutMs: 30_000, ms: 28_500 },
  { name: 'a short one', timeoutMs: 1_000, ms: 700 },
  { name: 'one below the margin', timeoutMs: 200, ms: 1 },
])('I8: $name keeps its margin', ({ timeoutMs, ms }) => {
  const deadline = new Deadline(timeoutMs);
  expect(deadline.remainingMs()).toBeLessThanOrEqual(ms);
  expect(deadline.remainingMs()).toBeGreaterThan(Math.max(0, ms - 100) - 1);
  deadline.release();
});

test('the time that the body took is over already', () => {
  const deadline = new Deadline(10_000, performance.now() - 9_000);
  expect(deadline.remainingMs()).toBeLessThanOrEqual(500);
  deadline.release();
});

test('the signal comes, with a reason that everybody knows', async () => {
  const deadline = new Deadline(320);
  const { signal } = deadline;
  expect(signal.aborted).toBe(false);
  await sleep(60);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  expect(deadline.isOver()).toBe(true);
});

test('J21: over is by the clock, also where the timer has not fired yet', () => {
  const deadline = new Deadline(320);
  const { signal } = deadline;
  const end = performance.now() + 40;
  while (performance.now() < end);
  expect([signal.aborted, deadline.isOver()]).toEqual([false, true]);
  deadline.release();
});

test('after its release nothing fires', async () => {
  const deadline = new Deadline(320);
  const { signal } = deadline;
  deadline.release();
  await sleep(60);
  expect(signal.aborted).toBe(false);
});

test('a signal that is first asked for too late has come already', () => {
  const deadline = new Deadline(320, performance.now() - 1_000);
  expect(deadline.signal.aborted).toBe(true);
});

import { expect, test } from 'vitest';

import { backoffMs, DEFAULT_DELIVERY, deliverySettings } from './delivery-settings.js';

test.for([
  { name: 'the defaults hold', changes: {}, holds: true },
  { name: 'shorter times hold', changes: { timeoutMs: 100, lockMs: 200 }, holds: true },
  {
    name: 'an attempt as long as its lock does not construct',
    changes: { timeoutMs: 200, lockMs: 200 },
    holds: false,
  },
  { name: 'no attempts do not construct', changes: { attempts: 0 }, holds: false },
  { name: 'a queue without room does not construct', changes: { queueCap: 0 }, holds: false },
  { name: 'no number does not construct', changes: { concurrency: Number.NaN }, holds: false },
])('$name', ({ changes, holds }) => {
  if (holds) expect(deliverySettings(changes)).toMatchObject(changes);
  else expect(() => deliverySettings(changes)).toThrow(TypeError);
});

test.for([
  { name: 'the first wait', made: 1, random: 1, ms: 1000 },
  { name: 'the first wait with the least jitter', made: 1, random: 0, ms: 500 },
  { name: 'it doubles', made: 4, random: 1, ms: 8000 },
  { name: 'it is capped', made: 39, random: 1, ms: DEFAULT_DELIVERY.maxBackoffMs },
  { name: 'it is capped for every number', made: 1e9, random: 0, ms: DEFAULT_DELIVERY.maxBackoffMs / 2 },
])('backoff: $name', ({ made, random, ms }) => {
  expect(backoffMs(DEFAULT_DELIVERY, made, () => random)).toBe(ms);
});

test('attempts go on for half a day, and at least 20 times', () => {
  const waits = Array.from({ length: DEFAULT_DELIVERY.attempts - 1 }, (_, index) =>
    backoffMs(DEFAULT_DELIVERY, index + 1, () => 1),
  );
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(12 * 3_600_000);
  expect(DEFAULT_DELIVERY.attempts).toBeGreaterThanOrEqual(20);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { HEDGE_DEFAULTS, HedgePace } from './hedge-pace.js';

test.for([
  { name: 'nothing is known: the start value', samples: [], delay: 250 },
  { name: 'fast answers: the floor', samples: Array.from({ length: 50 }, () => 3), delay: 50 },
  { name: 'a first slow answer is taken at its word', samples: [400], delay: 400 },
  {
    name: 'one slow answer of a hundred changes nothing',
    samples: [...Array.from({ length: 99 }, () => 100), 9000],
    delay: 100,
  },
  {
    name: 'one of ten does',
    samples: Array.from({ length: 96 }, (_, n) => (n % 10 === 0 ? 900 : 100)),
    delay: 900,
  },
  {
    name: 'old answers are forgotten',
    samples: [...Array.from({ length: 200 }, () => 900), ...Array.from({ length: 128 }, () => 80)],
    delay: 80,
  },
])('$name', ({ samples, delay }) => {
  const pace = new HedgePace(HEDGE_DEFAULTS);
  for (const sample of samples) pace.record(sample);
  expect(pace.delayMs).toBe(delay);
});

test('hedges are limited to a burst and a part of the questions', () => {
  const pace = new HedgePace({ ...HEDGE_DEFAULTS, burst: 3, perQuestion: 0.5 });
  const taken = Array.from({ length: 5 }, () => pace.take());
  expect(taken).toEqual([true, true, true, false, false]);
  pace.asked();
  expect(pace.take()).toBe(false);
  pace.asked();
  expect(pace.take()).toBe(true);
  for (let question = 0; question < 100; question += 1) pace.asked();
  expect(Array.from({ length: 5 }, () => pace.take())).toEqual([true, true, true, false, false]);
});

test('the delay is never below the floor, nor above the slowest of the recent answers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 300 }),
      (samples) => {
        const pace = new HedgePace(HEDGE_DEFAULTS);
        for (const sample of samples) pace.record(sample);
        expect(pace.delayMs).toBeGreaterThanOrEqual(50);
        expect(pace.delayMs).toBeLessThanOrEqual(Math.max(50, ...samples));
      },
    ),
    { numRuns: 50 },
  );
});

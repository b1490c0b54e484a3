import { expect, test } from 'vitest';

import { Rate } from './rate.js';

test('a burst, then one for each interval, for each key by itself', () => {
  let now = 0;
  const rate = new Rate({ burst: 2, everyMs: 10 }, () => now);
  const taken = (key: string): boolean[] => Array.from({ length: 3 }, () => rate.take(key));
  expect(taken('a')).toEqual([true, true, false]);
  expect(taken('b')).toEqual([true, true, false]);
  now = 10;
  expect(taken('a')).toEqual([true, false, false]);
  now = 5; // clocks go back
  expect(rate.take('a')).toBe(false);
});

test('keys without end take no memory without end', () => {
  const rate = new Rate({ burst: 1, everyMs: 1000 }, () => 0);
  expect(rate.take('first')).toBe(true);
  expect(rate.take('first')).toBe(false);
  for (let index = 0; index < 2000; index += 1) rate.take(`k${index}`);
  expect(rate.take('first')).toBe(true);
});

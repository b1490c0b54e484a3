import { expect, test } from 'vitest';

import { TellingLimit } from './telling-limit.js';

test('S14 A06 two are told at once, then one as soon as half a minute has passed', () => {
  const limit = new TellingLimit();
  const told = [0, 1, 2, 29_999, 30_000, 30_000, 30_001, 30_002].map((now) => limit.mayTell(now));
  expect(told).toEqual([true, true, false, false, true, false, true, false]);
});

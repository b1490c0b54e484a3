import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { inOrder } from './in-order.js';

test.for([
  { name: 'nothing', items: [], atOnce: 4 },
  { name: 'one at a time', items: [3, 1, 2], atOnce: 1 },
  { name: 'the first is the slowest', items: [20, 1, 10, 2, 1], atOnce: 3 },
  { name: 'more places than items', items: [2, 1], atOnce: 9 },
])(
  'results come in the order of the items, never more than allowed at once: $name',
  async ({ items, atOnce }) => {
    let [now, most] = [0, 0];
    const work = async (ms: number): Promise<number> => {
      now += 1;
      most = Math.max(most, now);
      await sleep(ms);
      now -= 1;
      return ms;
    };
    const results: number[] = [];
    for await (const result of inOrder(items, work, atOnce)) results.push(result);
    expect(results).toEqual(items);
    expect(most).toBeLessThanOrEqual(atOnce);
  },
);

test('a failure is thrown in its place, after what came before it', async () => {
  const seen: number[] = [];
  const work = async (n: number): Promise<number> => {
    if (n === 2) throw new RangeError('two');
    await sleep(5);
    return n;
  };
  await expect(async () => {
    for await (const n of inOrder([1, 2, 3], work, 3)) seen.push(n);
  }).rejects.toThrow(RangeError);
  expect(seen).toEqual([1]);
});

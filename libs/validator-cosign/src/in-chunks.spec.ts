import { expect, test } from 'vitest';

import { inChunks } from './in-chunks.js';

async function collect(
  items: readonly number[],
  size: number,
  fails: readonly number[] = [],
): Promise<{ seen: number[]; most: number; error: unknown }> {
  const seen: number[] = [];
  let [running, most] = [0, 0];
  const task = async (item: number): Promise<number> => {
    most = Math.max(most, (running += 1));
    await Promise.resolve();
    running -= 1;
    if (fails.includes(item)) throw new Error(`item ${item}`);
    return item;
  };
  try {
    for await (const item of inChunks(items, size, task)) seen.push(item);
    return { seen, most, error: undefined };
  } catch (error) {
    return { seen, most, error };
  }
}

test.for([
  { name: 'nothing', items: [], size: 2, seen: [], most: 0 },
  { name: 'less than a chunk', items: [1], size: 2, seen: [1], most: 1 },
  { name: 'several chunks, in order', items: [1, 2, 3, 4, 5], size: 2, seen: [1, 2, 3, 4, 5], most: 2 },
])('$name', async ({ items, size, seen, most }) => {
  expect(await collect(items, size)).toEqual({ seen, most, error: undefined });
});

test('every other item has its turn before the first failure is thrown', async () => {
  const { seen, error } = await collect([1, 2, 3, 4, 5], 2, [2, 3]);
  expect(seen).toEqual([1, 4, 5]);
  expect(error).toEqual(new Error('item 2'));
});

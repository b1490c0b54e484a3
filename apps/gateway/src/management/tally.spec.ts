import { describe, expect, test } from 'vitest';

import { Tally } from './tally.js';

describe('a tally', () => {
  test('works a kind out once and hands each count on once', () => {
    const tally = new Tally<string>();
    let made = 0;
    const add = (key: string): void => tally.add(key, () => `${key} ${(made += 1)}`);
    for (const key of ['hit', 'miss', 'hit']) add(key);
    expect(drained(tally)).toEqual([
      ['hit 1', 2],
      ['miss 2', 1],
    ]);
    expect(drained(tally)).toEqual([]);
    add('hit');
    expect(drained(tally)).toEqual([['hit 1', 1]]);
    expect(made).toBe(2);
  });
});

function drained(tally: Tally<string>): [string, number][] {
  const counts: [string, number][] = [];
  tally.drain((kind, count) => counts.push([kind, count]));
  return counts;
}

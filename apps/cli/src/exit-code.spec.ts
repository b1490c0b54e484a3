import { expect, test } from 'vitest';

import { CODES } from '#validator';

import { exitCodeOf } from './exit-code.js';

const refused = (code: string): { outcome: string; code: string } => ({ outcome: 'refused', code });
const ADMITTED = { outcome: 'admitted' };

test.for([
  { name: 'nothing was asked', results: [], exit: 0 },
  { name: 'everything is admitted', results: [ADMITTED, ADMITTED], exit: 0 },
  {
    name: 'the first that is not admitted decides',
    results: [ADMITTED, refused('CNS-1004'), refused('CNS-1003')],
    exit: 12,
  },
  { name: 'a code that has no exit code of its own', results: [refused('CNS-9999')], exit: 1 },
  { name: 'a refusal without a code', results: [{ outcome: 'refused' }], exit: 1 },
])('$name: $exit', ({ results, exit }) => {
  expect(exitCodeOf(results)).toBe(exit);
});

/** Faults of ours that asking the user to change something would not mend. */
const OUR_FAULTS = ['CNS-2008', 'CNS-3002', 'CNS-3003', 'CNS-3004'];

test.for(Object.keys(CODES).map((code) => ({ code, own: !OUR_FAULTS.includes(code) })))(
  '$code has an exit code of its own: $own',
  ({ code, own }) => {
    const exit = exitCodeOf([refused(code)]);
    expect(exit > 1).toBe(own);
    expect(exit).not.toBe(0);
  },
);

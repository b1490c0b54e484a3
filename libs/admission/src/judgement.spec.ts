import { expect, test } from 'vitest';

import { Verdict } from '#contracts';
import { parseImageReference } from '#image-ref';

import { digestFor } from '../test/judge.js';
import { judgementOf } from './judgement.js';

const common = { evidence: [], tookMs: 1 };
const digest = digestFor('a');

test.for<{ name: string; verdict: unknown; expected: object }>([
  {
    name: 'verified',
    verdict: { outcome: 'admitted', ground: 'verified', digest, ...common },
    expected: { outcome: 'admitted', ground: { kind: 'verified', digest, mode: 'mutate' } },
  },
  {
    name: 'verified without a digest proves nothing',
    verdict: { outcome: 'admitted', ground: 'verified', ...common },
    expected: { outcome: 'undecided', code: 'CNS-3004' },
  },
  {
    name: 'static',
    verdict: { outcome: 'admitted', ground: 'static', ...common },
    expected: { outcome: 'admitted', ground: { kind: 'static' } },
  },
  {
    name: 'refused',
    verdict: {
      outcome: 'refused',
      code: 'CNS-1003',
      message: 'm',
      found: 'f',
      expected: 'e',
      next: 'n',
      ...common,
    },
    expected: { outcome: 'refused', code: 'CNS-1003', found: 'f', expected: 'e', next: 'n' },
  },
  {
    name: 'refused with a code that nobody knows',
    verdict: { outcome: 'refused', code: 'CNS-1999', message: 'm', ...common },
    expected: { outcome: 'undecided', code: 'CNS-3004' },
  },
  {
    name: 'undecided',
    verdict: { outcome: 'undecided', code: 'CNS-2005', message: 'm', retryAfterMs: 7, ...common },
    expected: { outcome: 'undecided', code: 'CNS-2005', retryAfterMs: 7 },
  },
  {
    name: 'undecided with a code that nobody knows',
    verdict: { outcome: 'undecided', code: 'CNS-2999', message: 'm', ...common },
    expected: { outcome: 'undecided', code: 'CNS-3004' },
  },
])('$name', ({ verdict, expected }) => {
  const reference = parseImageReference('nginx');
  const judgement = judgementOf(Verdict.parse(verdict), { reference, mode: 'mutate', cached: true });
  expect(judgement).toMatchObject({ ...expected, cached: true, evidence: [] });
});

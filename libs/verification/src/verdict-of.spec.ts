import { describe, expect, test } from 'vitest';

import { Verdict } from '#contracts';
import { parseDigest } from '#image-ref';
import { RegistryError, type RegistryReason } from '#registry';
import { type Evidence, RefusedError, UndecidedError, ValidatorSetupError } from '#validator';

import { admittedVerdict, verdictOf } from './verdict-of.js';

describe('D: every reason of a registry is undecided, with the code that helps', () => {
  const CODES: Record<RegistryReason, string> = {
    'not-found': 'CNS-2007',
    unauthorized: 'CNS-2003',
    unreachable: 'CNS-2004',
    'rate-limited': 'CNS-2005',
    'timed-out': 'CNS-2006',
    malformed: 'CNS-2007',
    'too-large': 'CNS-2007',
    'refused-by-policy': 'CNS-2004',
  };
  test.for(Object.entries(CODES) as [RegistryReason, string][])('%s → %s', ([reason, code]) => {
    const error = new RegistryError(reason, 'ghcr.io', 'no', { retryAfterMs: 1_500 });
    expect(verdictOf(error, [], 1)).toMatchObject({ outcome: 'undecided', code, retryAfterMs: 1_500 });
  });
});

test.for([
  {
    name: 'a refusal',
    error: new RefusedError('CNS-1004', 'm', { found: 'f', expected: 'e', next: 'n' }),
    code: 'CNS-1004',
  },
  { name: 'undecided', error: new UndecidedError('CNS-2008', 'm'), code: 'CNS-2008' },
  { name: 'a rule that cannot be applied', error: new ValidatorSetupError('m'), code: 'CNS-3001' },
  { name: 'a deadline', error: new DOMException('m', 'TimeoutError'), code: 'CNS-2006' },
  { name: 'an abort', error: new DOMException('m', 'AbortError'), code: 'CNS-2006' },
  { name: 'a fault', error: new RangeError('m'), code: 'CNS-3004' },
  { name: 'a text that was thrown', error: 'm', code: 'CNS-3004' },
  { name: 'nothing that was thrown', error: undefined, code: 'CNS-3004' },
])('$name → $code, within the contract', ({ error, code }) => {
  const verdict = verdictOf(error, [], 0);
  expect(verdict).toMatchObject({ code, outcome: code.startsWith('CNS-1') ? 'refused' : 'undecided' });
  expect(Verdict.parse(verdict)).toEqual(verdict);
});

test('a refusal keeps what was found, expected and to do', () => {
  const error = new RefusedError('CNS-1004', 'm', { found: 'f', expected: 'e', next: 'n' });
  expect(verdictOf(error, [], 0)).toMatchObject({ found: 'f', expected: 'e', next: 'n' });
});

test.for([
  { name: 'a day and more', retryAfterMs: 1e12, kept: 86_400_000 },
  { name: 'for ever', retryAfterMs: Number.POSITIVE_INFINITY, kept: 86_400_000 },
  { name: 'before now', retryAfterMs: -5, kept: 0 },
  { name: 'a part of a millisecond', retryAfterMs: 1.4, kept: 1 },
  { name: 'no number', retryAfterMs: Number.NaN, kept: undefined },
])('a wait of $name is bounded', ({ retryAfterMs, kept }) => {
  const verdict = verdictOf(new UndecidedError('CNS-2005', 'm', { retryAfterMs }), [], 0);
  expect('retryAfterMs' in verdict ? verdict.retryAfterMs : undefined).toBe(kept);
  expect(Verdict.safeParse(verdict).success).toBe(true);
});

test('I7: long texts and much evidence are cut, and the verdict stays one', () => {
  const long = 'é'.repeat(5_000);
  const evidence: Evidence[] = Array.from({ length: 100 }, () => ({ step: 'rule', ok: true, text: long }));
  const refused = verdictOf(new RefusedError('CNS-1004', long, { found: long }), evidence, 0);
  expect(Verdict.parse(refused).evidence).toHaveLength(64);
  const digest = parseDigest(`sha256:${'1'.repeat(64)}`);
  expect(Verdict.safeParse(admittedVerdict({ ground: 'verified' }, { digest }, evidence, 0)).success).toBe(
    true,
  );
});

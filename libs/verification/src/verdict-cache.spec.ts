// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Verdict } from '#contracts';
import { parseImageReference } from '#image-ref';

import { type Question, questionKey } from './question.js';
import { cacheEntries, PROOF_MAX_MS, PROOF_MIN_MS, REFUSAL_MAX_MS, VerdictCache } from './verdict-cache.js';

const NOW = 1_700_000_000_000;
const DIGEST = `sha256:${'1'.repeat(64)}`;
const TAG = parseImageReference('ghcr.io/acme/api:1');
const PIN = parseImageReference(`ghcr.io/acme/api@${DIGEST}`);
const BOTH = parseImageReference(`ghcr.io/acme/api:1@${DIGEST}`);
const POLICY = { expirySeconds: 30, cacheErrors: true };

const PROOF: Verdict = { outcome: 'admitted', ground: 'verified', digest: DIGEST, evidence: [], tookMs: 1 };
const REFUSAL: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'm', evidence: [], tookMs: 1 };
const UNDECIDED: Verdict = { outcome: 'undecided', code: 'CNS-2004', message: 'm', evidence: [], tookMs: 1 };

function ask(image = TAG, more: Partial<Question> = {}): Question {
  return { image, rule: 'r', revision: 'c', trustRevision: 't', ...more };
}

describe('I4 H05: the key of a question', () => {
  test.for([
    { name: 'another rule', other: ask(TAG, { rule: 'x' }), same: false },
    {
      name: 'another trust, which has the credential scope in it',
      other: ask(TAG, { trustRevision: 'x' }),
      same: false,
    },
    { name: 'another tag', other: ask(parseImageReference('ghcr.io/acme/api:2')), same: false },
    { name: 'another repository', other: ask(parseImageReference('ghcr.io/acme/app:1')), same: false },
    { name: 'a digest', other: ask(PIN), same: false },
    { name: 'the same in other words', other: ask(parseImageReference('GHCR.io/acme/api:1')), same: true },
    { name: 'another revision of what does not decide', other: ask(TAG, { revision: 'x' }), same: true },
  ])('$name: $same', ({ other, same }) => {
    expect(questionKey(other, false) === questionKey(ask(), false)).toBe(same);
  });

  test('a digest stands for itself, but where the tag is part of the proof', () => {
    expect(questionKey(ask(BOTH), false)).toBe(questionKey(ask(PIN), false));
    expect(questionKey(ask(BOTH), true)).not.toBe(questionKey(ask(PIN), true));
  });

  test('no two references share a key', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const reference = fc
      .tuple(part, part, part)
      .map(([a, b, c]) => parseImageReference(`h.io/${a}/${b}:${c}`));
    fc.assert(
      fc.property(reference, reference, (one, other) => {
        const same = questionKey(ask(one), false) === questionKey(ask(other), false);
        expect(same).toBe(one.toString() === other.toString());
      }),
      { numRuns: 200 },
    );
  });
});

describe('what a verdict is worth', () => {
  const tag = questionKey(ask(), false);
  const pin = questionKey(ask(PIN), false);
  test.for([
    {
      name: 'a proof of a tag',
      image: TAG,
      verdict: PROOF,
      policy: POLICY,
      lives: { [pin]: PROOF_MAX_MS, [tag]: 30_000 },
    },
    {
      name: 'a proof of a digest',
      image: PIN,
      verdict: PROOF,
      policy: POLICY,
      lives: { [pin]: PROOF_MAX_MS },
    },
    {
      name: 'the form that /mutate writes',
      image: BOTH,
      verdict: PROOF,
      policy: POLICY,
      lives: { [pin]: PROOF_MAX_MS },
    },
    {
      name: 'H09 expirySeconds 0: the tag is asked for each time, the proof lives for /validate',
      image: TAG,
      verdict: PROOF,
      policy: { ...POLICY, expirySeconds: 0 },
      lives: { [pin]: PROOF_MIN_MS },
    },
    {
      name: 'expirySeconds below 0 is 0',
      image: TAG,
      verdict: PROOF,
      policy: { ...POLICY, expirySeconds: -1 },
      lives: { [pin]: PROOF_MIN_MS },
    },
    {
      name: 'a tag is believed no longer than the proof',
      image: TAG,
      verdict: PROOF,
      policy: { ...POLICY, expirySeconds: 86_400 },
      lives: { [pin]: PROOF_MAX_MS, [tag]: PROOF_MAX_MS },
    },
    {
      name: 'H10 no longer than the proof’s own end',
      image: TAG,
      verdict: { ...PROOF, notAfter: NOW + 2_000 },
      policy: POLICY,
      lives: { [pin]: 2_000, [tag]: 2_000 },
    },
    {
      name: 'H10 a proof that has ended',
      image: TAG,
      verdict: { ...PROOF, notAfter: NOW },
      policy: POLICY,
      lives: {},
    },
    {
      name: 'H08 a refusal lives 5 s',
      image: TAG,
      verdict: REFUSAL,
      policy: POLICY,
      lives: { [tag]: REFUSAL_MAX_MS },
    },
    {
      name: 'a refusal, tags for a shorter time',
      image: TAG,
      verdict: REFUSAL,
      policy: { ...POLICY, expirySeconds: 2 },
      lives: { [tag]: 2_000 },
    },
    {
      name: 'a refusal with cacheErrors off',
      image: TAG,
      verdict: REFUSAL,
      policy: { ...POLICY, cacheErrors: false },
      lives: {},
    },
    {
      name: 'a refusal with the cache off',
      image: TAG,
      verdict: REFUSAL,
      policy: { ...POLICY, expirySeconds: 0 },
      lives: {},
    },
    { name: 'H08 undecided is never kept', image: TAG, verdict: UNDECIDED, policy: POLICY, lives: {} },
    {
      name: 'static is never kept',
      image: PIN,
      verdict: { ...PROOF, ground: 'static' as const },
      policy: POLICY,
      lives: {},
    },
  ] satisfies {
    name: string;
    image: typeof TAG;
    verdict: Verdict;
    policy: typeof POLICY;
    lives: Record<string, number>;
  }[])('$name', ({ image, verdict, policy, lives }) => {
    const entries = cacheEntries(ask(image), false, verdict, policy, NOW);
    expect(Object.fromEntries(entries.map(({ key, until }) => [key, until - NOW]))).toEqual(lives);
  });

  test('where the tag is part of the proof, the pinned form keeps its tag', () => {
    const keys = cacheEntries(ask(TAG), true, PROOF, POLICY, NOW).map(({ key }) => key);
    expect(keys).toEqual([questionKey(ask(BOTH), true), questionKey(ask(TAG), true)]);
    expect(keys).not.toContain(questionKey(ask(PIN), true));
  });
});

describe('the cache', () => {
  function cacheAt(): { cache: VerdictCache; pass: (ms: number) => void } {
    let monotonic = 0;
    const cache = new VerdictCache(() => monotonic);
    cache.put([{ key: 'k', verdict: PROOF, until: NOW + 1_000 }], NOW);
    return { cache, pass: (ms) => (monotonic += ms) };
  }

  test.for([
    { name: 'while it lives', wall: 999, passed: 999, hit: true },
    { name: 'at its end', wall: 1_000, passed: 1_000, hit: false },
    { name: 'F23 the wall clock jumps ahead', wall: 3_600_000, passed: 1, hit: false },
    {
      name: 'F23 the wall clock is set back: its time passes all the same',
      wall: -3_600_000,
      passed: 1_000,
      hit: false,
    },
    { name: 'F24 the process was stopped', wall: 300_000, passed: 300_000, hit: false },
  ])('$name: $hit', ({ wall, passed, hit }) => {
    const { cache, pass } = cacheAt();
    pass(passed);
    expect(cache.get('k', NOW + wall) !== undefined).toBe(hit);
  });

  test('nothing that has ended is taken in, and clear forgets', () => {
    const { cache } = cacheAt();
    cache.put([{ key: 'old', verdict: PROOF, until: NOW }], NOW);
    expect(cache.get('old', NOW - 1)).toBeUndefined();
    cache.clear();
    expect(cache.get('k', NOW)).toBeUndefined();
  });
});

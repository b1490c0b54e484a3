import { describe, expect, test } from 'vitest';

import { InMemorySharedVerdicts } from '#bus';
import type { Verdict } from '#contracts';
import { parseImageReference } from '#image-ref';

import { type Question, questionKey } from './question.js';
import { SharedProofs, type StoreLimits, type VerdictStore } from './shared-proofs.js';
import { PROOF_MAX_MS, PROOF_MIN_MS } from './verdict-cache.js';

const NOW = 1_700_000_000_000;
const DIGEST = `sha256:${'1'.repeat(64)}`;
const OTHER = `sha256:${'2'.repeat(64)}`;
const TAG = parseImageReference('ghcr.io/acme/api:1');
const PIN = parseImageReference(`ghcr.io/acme/api@${DIGEST}`);
const POLICY = { expirySeconds: 30, cacheErrors: true };
const PROOF: Verdict = { outcome: 'admitted', ground: 'verified', digest: DIGEST, evidence: [], tookMs: 1 };
const REFUSAL: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'm', evidence: [], tookMs: 1 };
const soon = new AbortController().signal;

function ask(image = TAG, trustRevision = 't'): Question {
  return { image, rule: 'r', revision: 'c', trustRevision };
}

/** One store in memory for writer and reader, as Redis is. */
function world() {
  const clock = { now: NOW };
  const store = new InMemorySharedVerdicts({ now: () => clock.now });
  const opened: StoreLimits[] = [];
  const proofs = new SharedProofs({
    now: () => clock.now,
    open: (limits) => {
      opened.push(limits);
      return store;
    },
  });
  return { clock, proofs, opened, store };
}

test('what one verifier proved, another reads: by tag and by digest, with its end', async () => {
  const { proofs } = world();
  await proofs.put(ask(), false, PROOF, POLICY, NOW);
  await expect(proofs.get(ask(), false, POLICY, soon)).resolves.toMatchObject({
    digest: DIGEST,
    notAfter: NOW + 30_000,
  });
  await expect(proofs.get(ask(PIN), false, POLICY, soon)).resolves.toMatchObject({
    notAfter: NOW + PROOF_MAX_MS,
  });
});

test.for([
  { name: 'H11 another trust revision', question: ask(TAG, 'other') },
  { name: 'another image', question: ask(parseImageReference('ghcr.io/acme/api:2')) },
])('$name reads nothing', async ({ question }) => {
  const { proofs } = world();
  await proofs.put(ask(), false, PROOF, POLICY, NOW);
  await expect(proofs.get(question, false, POLICY, soon)).resolves.toBeUndefined();
});

test.for([
  { name: 'the tag until its end', image: TAG, ms: 29_999, found: true },
  { name: 'the tag at its end', image: TAG, ms: 30_000, found: false },
  { name: 'the digest after the tag', image: PIN, ms: 30_000, found: true },
  { name: 'H10 the digest at its end', image: PIN, ms: PROOF_MAX_MS, found: false },
])('$name: $found', async ({ image, ms, found }) => {
  const { proofs, clock } = world();
  await proofs.put(ask(), false, PROOF, POLICY, NOW);
  clock.now = NOW + ms;
  expect((await proofs.get(ask(image), false, POLICY, soon)) !== undefined).toBe(found);
});

describe('the reader’s own policy holds', () => {
  test('H09 expirySeconds 0: no tag is read, whatever was written', async () => {
    const { proofs } = world();
    await proofs.put(ask(), false, PROOF, POLICY, NOW);
    const off = { ...POLICY, expirySeconds: 0 };
    await expect(proofs.get(ask(), false, off, soon)).resolves.toBeUndefined();
    await expect(proofs.get(ask(PIN), false, off, soon)).resolves.toBeDefined();
  });

  test.for([
    { name: 'a tag', image: TAG, policy: { ...POLICY, expirySeconds: 5 }, provenMs: 5_000 },
    { name: 'a digest', image: PIN, policy: { ...POLICY, expirySeconds: 5 }, provenMs: PROOF_MAX_MS },
    {
      name: 'a digest with the tag cache off',
      image: PIN,
      policy: { ...POLICY, expirySeconds: 0 },
      provenMs: PROOF_MIN_MS,
    },
  ])('the store is asked to clamp $name', async ({ image, policy, provenMs }) => {
    const { proofs, opened } = world();
    await proofs.get(ask(image), false, policy, soon);
    await proofs.get(ask(image), false, policy, soon);
    expect(opened).toEqual([{ provenMs, refusedMs: 0 }]);
  });
});

test('H08 refusals are neither shared nor read', async () => {
  const { proofs, store } = world();
  await proofs.put(ask(), false, REFUSAL, POLICY, NOW);
  expect(store.stats().stored).toBe(0);
  await store.put(questionKey(ask(), false), REFUSAL, 5_000);
  await expect(proofs.get(ask(), false, POLICY, soon)).resolves.toBeUndefined();
});

test('what took longer than its life is not shared', async () => {
  const { proofs, store, clock } = world();
  clock.now = NOW + 31_000;
  await proofs.put(ask(), false, PROOF, POLICY, NOW);
  expect(store.stats().stored).toBe(1);
  await expect(proofs.get(ask(), false, POLICY, soon)).resolves.toBeUndefined();
});

test.for<{ name: string; image: typeof TAG; verdict: Verdict }>([
  {
    name: 'I4 a proof for another digest',
    image: PIN,
    verdict: { ...PROOF, digest: OTHER, notAfter: NOW + 1_000 },
  },
  { name: 'a proof without an end', image: PIN, verdict: PROOF },
  { name: 'H10 a proof past its end', image: PIN, verdict: { ...PROOF, notAfter: NOW } },
  { name: 'a static admission', image: PIN, verdict: { ...PROOF, ground: 'static', notAfter: NOW + 1_000 } },
  { name: 'a refusal', image: TAG, verdict: REFUSAL },
])('a store that gives $name is not believed', async ({ image, verdict }) => {
  const store: VerdictStore = { get: async () => verdict, put: async () => undefined };
  const proofs = new SharedProofs({ now: () => NOW, open: () => store });
  await expect(proofs.get(ask(image), false, POLICY, soon)).resolves.toBeUndefined();
});

test('a process that lives through many policies does not collect stores', async () => {
  const { proofs, opened } = world();
  for (let seconds = 1; seconds <= 40; seconds += 1) {
    await proofs.get(ask(), false, { ...POLICY, expirySeconds: seconds }, soon);
  }
  expect(opened).toHaveLength(40);
});

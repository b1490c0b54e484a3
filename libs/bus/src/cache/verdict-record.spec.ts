import { generateKeyPairSync } from 'node:crypto';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Verdict } from '#contracts';

import { Ed25519Signer, Ed25519Verifier } from '../decisions/signing.js';
import { toLimits } from './shared-verdicts.js';
import { openVerdict, sealVerdict } from './verdict-record.js';

const NOW = 1_700_000_000_000;
const LIMITS = toLimits();
const PLACE = { cluster: 'here', key: 'rule\ntrust\nghcr.io/acme/api' };
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const SIGNER = new Ed25519Signer('k1', privateKey);
const VERIFIER = new Ed25519Verifier(new Map([['k1', publicKey]]));
const PROOF: Verdict = {
  outcome: 'admitted',
  ground: 'verified',
  digest: `sha256:${'1f'.repeat(32)}`,
  evidence: [{ step: 'threshold', ok: true, text: 'two\nlines' }],
  tookMs: 12.5,
};
const RECORD = sealVerdict(PLACE, { verdict: PROOF, since: NOW, until: NOW + 1_000 }, SIGNER);

test('a record comes back for its place, with its life', () => {
  expect(openVerdict(PLACE, RECORD, VERIFIER, LIMITS, NOW)).toEqual({
    kind: 'verdict',
    living: { verdict: PROOF, since: NOW, until: NOW + 1_000 },
  });
});

test.for([
  { name: 'another cluster', place: { ...PLACE, cluster: 'there' } },
  { name: 'another key', place: { ...PLACE, key: 'rule\ntrust\nghcr.io/acme/web' } },
  { name: 'H06 cluster and key with another border', place: { cluster: 'her', key: `e${PLACE.key}` } },
])('$name is not its place', ({ place }) => {
  expect(openVerdict(place, RECORD, VERIFIER, LIMITS, NOW)).toEqual({ kind: 'forged', fault: 'signature' });
});

test('H02 no character of a record can be changed', () => {
  fc.assert(
    fc.property(
      fc.nat(RECORD.length - 1),
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
      (at, letter) => {
        fc.pre(RECORD[at] !== letter);
        const changed = RECORD.slice(0, at) + letter + RECORD.slice(at + 1);
        expect(openVerdict(PLACE, changed, VERIFIER, LIMITS, NOW).kind).toBe('forged');
      },
    ),
    { numRuns: 300 },
  );
});

test('H16 whatever the text is, opening it does not throw', () => {
  const parts = RECORD.split('\n');
  const part = fc.oneof(
    fc.constantFrom(...parts),
    fc.string(),
    fc.constantFrom('-1', '1e9', '__proto__', '{}'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (lines) => {
      fc.pre(lines.join('\n') !== RECORD);
      expect(openVerdict(PLACE, lines.join('\n'), VERIFIER, LIMITS, NOW).kind).toBe('forged');
    }),
    { numRuns: 300 },
  );
});

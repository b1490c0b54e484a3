import { generateKeyPairSync } from 'node:crypto';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { anAdmission } from '#testing';

import { BatchChain } from './batch-chain.js';
import { MAX_BATCH } from './batch-text.js';
import { encodeDecision } from './decision-codec.js';
import { openBatch, type OpenedBatch } from './open-batch.js';
import { Ed25519Signer, Ed25519Verifier } from './signing.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const WRITER = { cluster: '0f8b3c1e-cluster', gateway: 'connaisseur-gateway-7d9f', boot: 'b00' };
const TRUST = { cluster: WRITER.cluster, verifier: new Ed25519Verifier(new Map([['k1', publicKey]])) };

function aChain(): BatchChain {
  return new BatchChain('decisions', WRITER, new Ed25519Signer('k1', privateKey));
}

function encoded(count: number): ReturnType<typeof encodeDecision>[] {
  const context = { ...WRITER, revision: 'r' };
  return Array.from({ length: count }, (_, index) =>
    encodeDecision(anAdmission({ uid: `uid-${index}` }), context),
  );
}

function opened(fields: readonly string[]): OpenedBatch {
  const result = openBatch('decisions', fields, TRUST);
  if (result.kind !== 'batch') throw new Error(result.reason);
  return result.batch;
}

test('batches are numbered, and each names the head that the one before it left', () => {
  const chain = aChain();
  const [first, second] = [opened(chain.seal(encoded(3), 'r')), opened(chain.seal(encoded(2), 'r'))];
  expect([first.first, second.first]).toEqual([0, 3]);
  expect(first.before).toBe('');
  expect(second.before).toBe(first.head);
  expect(second.records.map(({ uid }) => uid)).toEqual(['uid-0', 'uid-1']);
});

test.for([
  { name: 'one record', count: 1, ok: true },
  { name: 'as many as a batch may have', count: MAX_BATCH, ok: true },
  { name: 'one more', count: MAX_BATCH + 1, ok: false },
  { name: 'none', count: 0, ok: false },
])('a reader takes a batch of $name: $ok', ({ count, ok }) => {
  expect(openBatch('decisions', aChain().seal(encoded(count), 'r'), TRUST).kind).toBe(
    ok ? 'batch' : 'forged',
  );
});

test('no field of a batch can be changed in any place', () => {
  const fields = aChain().seal(encoded(2), 'r');
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' }),
      (which, where, letter) => {
        const changed = [...fields];
        const value = fields[which % fields.length] ?? '';
        const at = where % value.length;
        changed[which % fields.length] = value.slice(0, at) + letter + value.slice(at + 1);
        fc.pre(changed.join('\n') !== fields.join('\n'));
        expect(openBatch('decisions', changed, TRUST).kind).toBe('forged');
      },
    ),
    { numRuns: 300 },
  );
});

test('H16 whatever the fields are, opening them does not throw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom('n', 'h', 'd', 'x', 'e', '[]', '__proto__'), fc.string())),
      (fields) => {
        expect(openBatch('decisions', fields, TRUST).kind).toBe('forged');
      },
    ),
    { numRuns: 300 },
  );
});

test.for([
  { name: 'the same field twice', fields: ['n', '1', 'n', '1', 'h', '[]', 'd', '[]'], reason: 'malformed' },
  {
    name: 'more text than an entry may have',
    fields: ['n', '1', 'h', 'x'.repeat(9_000_000), 'd', '[]'],
    reason: 'malformed',
  },
  {
    name: 'a signature with a bit too many',
    fields: ['n', '1', 'h', '[]', 'd', '[]', 'x', 'A'.repeat(85) + 'B'],
    reason: 'unsigned',
  },
])('$name is $reason', ({ fields, reason }) => {
  expect(openBatch('decisions', fields, TRUST)).toEqual({ kind: 'forged', reason });
});

test.for([
  { name: 'an RSA key', key: generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  { name: 'an Ed448 key', key: generateKeyPairSync('ed448') },
  { name: 'the other half', key: { privateKey: publicKey, publicKey: privateKey } },
])('$name neither signs nor verifies', ({ key }) => {
  expect(() => new Ed25519Signer('k', key.privateKey)).toThrow(TypeError);
  expect(() => new Ed25519Verifier(new Map([['k', key.publicKey]]))).toThrow(TypeError);
});

import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { assert, integer, property, tuple, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';

import { derOfPair, isEcdsaSignature } from './ecdsa-signature.js';
import { publicKeyFromSpki, type SignatureScheme, verifyScheme } from './index.js';

const DATA = Buffer.from('what was signed');
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const EDWARDS = generateKeyPairSync('ed25519');

const P521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });

const pss = (saltLength: number): Buffer =>
  sign('sha256', DATA, { key: RSA.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const pair = (key: KeyObject, hash = 'sha256'): Buffer =>
  sign(hash, DATA, { key, dsaEncoding: 'ieee-p1363' });

interface Row {
  readonly name: string;
  readonly key: KeyObject;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
  readonly ok: boolean;
}

test.for<Row>([
  { name: 'P-256', key: P256.publicKey, scheme: 'ecdsa-p1363', signature: pair(P256.privateKey), ok: true },
  {
    name: 'P-384 with SHA-256',
    key: P384.publicKey,
    scheme: 'ecdsa-p1363',
    signature: pair(P384.privateKey),
    ok: true,
  },
  { name: 'P-521', key: P521.publicKey, scheme: 'ecdsa-p1363', signature: pair(P521.privateKey), ok: true },
  {
    name: 'T10: a pair of zeros',
    key: P256.publicKey,
    scheme: 'ecdsa-p1363',
    signature: Buffer.alloc(64),
    ok: false,
  },
  {
    name: 'T10: a pair above the order of the curve',
    key: P256.publicKey,
    scheme: 'ecdsa-p1363',
    signature: Buffer.alloc(64, 0xff),
    ok: false,
  },
  {
    name: 'P-384 with its own hash',
    key: P384.publicKey,
    scheme: 'ecdsa-p1363',
    signature: pair(P384.privateKey, 'sha384'),
    ok: false,
  },
  {
    name: 'T10: DER in place of the pair',
    key: P256.publicKey,
    scheme: 'ecdsa-p1363',
    signature: sign('sha256', DATA, P256.privateKey),
    ok: false,
  },
  {
    name: 'T10: a pair that is too long',
    key: P256.publicKey,
    scheme: 'ecdsa-p1363',
    signature: Buffer.concat([pair(P256.privateKey), Buffer.alloc(1)]),
    ok: false,
  },
  { name: 'RSA-PSS, salt 32', key: RSA.publicKey, scheme: 'rsa-pss', signature: pss(32), ok: true },
  { name: 'T10: RSA-PSS, salt 20', key: RSA.publicKey, scheme: 'rsa-pss', signature: pss(20), ok: false },
  { name: 'T10: RSA-PSS, no salt', key: RSA.publicKey, scheme: 'rsa-pss', signature: pss(0), ok: false },
  {
    name: 'RSA PKCS#1',
    key: RSA.publicKey,
    scheme: 'rsa-pkcs1',
    signature: sign('sha256', DATA, RSA.privateKey),
    ok: true,
  },
  {
    name: 'RSA-PSS said to be PKCS#1',
    key: RSA.publicKey,
    scheme: 'rsa-pkcs1',
    signature: pss(32),
    ok: false,
  },
  {
    name: 'Ed25519',
    key: EDWARDS.publicKey,
    scheme: 'ed25519',
    signature: sign(null, DATA, EDWARDS.privateKey),
    ok: true,
  },
  {
    name: 'T09: an RSA key and ed25519',
    key: RSA.publicKey,
    scheme: 'ed25519',
    signature: Buffer.alloc(64),
    ok: false,
  },
  {
    name: 'T09: an Ed25519 key and ecdsa',
    key: EDWARDS.publicKey,
    scheme: 'ecdsa-p1363',
    signature: Buffer.alloc(64),
    ok: false,
  },
])('$name', ({ key, scheme, signature, ok }) => {
  const parsed = publicKeyFromSpki(key.export({ format: 'der', type: 'spki' }));
  expect(verifyScheme(parsed, scheme, DATA, signature)).toBe(ok);
  expect(verifyScheme(parsed, scheme, Buffer.from('something else'), signature)).toBe(false);
});

test('T10: a pair has one DER form, and it holds the same numbers', () => {
  const number = tuple(integer({ min: 0, max: 31 }), uint8Array({ minLength: 32, maxLength: 32 }));
  assert(
    property(tuple(number, number), (numbers) => {
      // With leading zeros, below the order and never 0.
      const halves = numbers.map(([zeros, bytes]) =>
        bytes.fill(0, 0, zeros).fill(bytes[0] === 255 ? 1 : 0, 0, 1),
      );
      for (const half of halves) half[31] = (half[31] ?? 0) | 1;
      const der = derOfPair(Buffer.concat(halves));
      expect(isEcdsaSignature(der, 'P-256')).toBe(true);
      const hex = Buffer.from(der).toString('hex');
      for (const half of halves)
        expect(hex).toContain(
          Buffer.from(half)
            .toString('hex')
            .replace(/^(00)+/, ''),
        );
    }),
  );
});

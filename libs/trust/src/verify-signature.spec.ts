// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { ed25519ph } from '@noble/curves/ed25519.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isEcdsaSignature } from './ecdsa-signature.js';
import { type PublicKey, publicKeyFromSpki, verifySignature } from './index.js';

const DATA = Buffer.from('the bytes as they were signed');

interface Pair {
  readonly key: PublicKey;
  readonly secret: KeyObject;
}

function pair(generated: { publicKey: KeyObject; privateKey: KeyObject }): Pair {
  return {
    key: publicKeyFromSpki(generated.publicKey.export({ format: 'der', type: 'spki' })),
    secret: generated.privateKey,
  };
}

const P256 = pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const P384 = pair(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
const P521 = pair(generateKeyPairSync('ec', { namedCurve: 'P-521' }));
const RSA = pair(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const ED25519 = pair(generateKeyPairSync('ed25519'));

function prehashed(): Uint8Array {
  const seed = ED25519.secret.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  return ed25519ph.sign(DATA, seed);
}

/** A DER Ecdsa-Sig-Value from raw INTEGER contents, well formed or not. */
function der(r: number[], s: number[]): Buffer {
  const content = [0x02, r.length, ...r, 0x02, s.length, ...s];
  return Buffer.from([0x30, content.length, ...content]);
}

/** The second valid form of a P-256 signature: (r, n - s). */
function malleated(signature: Buffer): Buffer {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const rLength = signature[3] ?? 0;
  const r = signature.subarray(4, 4 + rLength);
  const s = BigInt(`0x${signature.subarray(6 + rLength).toString('hex')}`);
  let hex = (order - s).toString(16);
  hex = hex.padStart(hex.length + (hex.length % 2), '0');
  const other = Buffer.from(hex, 'hex');
  return der([...r], [...((other[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), other]) : other)]);
}

const p256Signature = sign('sha256', DATA, P256.secret);

describe('C15 C16: the key chooses algorithm and encoding', () => {
  test.for([
    { name: 'P-256 with SHA-256', key: P256.key, signature: p256Signature, ok: true },
    {
      name: 'P-256 with SHA-384 is refused',
      key: P256.key,
      signature: sign('sha384', DATA, P256.secret),
      ok: false,
    },
    {
      name: 'P-256 with SHA-1 is refused',
      key: P256.key,
      signature: sign('sha1', DATA, P256.secret),
      ok: false,
    },
    { name: 'P-384 with SHA-384', key: P384.key, signature: sign('sha384', DATA, P384.secret), ok: true },
    { name: 'P-384 with SHA-256', key: P384.key, signature: sign('sha256', DATA, P384.secret), ok: true },
    {
      name: 'P-384 with SHA-512 is refused',
      key: P384.key,
      signature: sign('sha512', DATA, P384.secret),
      ok: false,
    },
    { name: 'P-521 with SHA-512', key: P521.key, signature: sign('sha512', DATA, P521.secret), ok: true },
    { name: 'P-521 with SHA-256', key: P521.key, signature: sign('sha256', DATA, P521.secret), ok: true },
    {
      name: 'RSA PKCS#1 v1.5 with SHA-256',
      key: RSA.key,
      signature: sign('sha256', DATA, RSA.secret),
      ok: true,
    },
    {
      name: 'RSA PSS is refused',
      key: RSA.key,
      signature: sign('sha256', DATA, { key: RSA.secret, padding: constants.RSA_PKCS1_PSS_PADDING }),
      ok: false,
    },
    { name: 'RSA with SHA-1 is refused', key: RSA.key, signature: sign('sha1', DATA, RSA.secret), ok: false },
    {
      name: 'RSA with a zero before it is refused',
      key: RSA.key,
      signature: Buffer.concat([Buffer.of(0), sign('sha256', DATA, RSA.secret)]),
      ok: false,
    },
    { name: 'Ed25519', key: ED25519.key, signature: sign(null, DATA, ED25519.secret), ok: true },
    { name: 'Ed25519ph', key: ED25519.key, signature: prehashed(), ok: true },
    {
      name: 'Ed25519 with a byte more is refused',
      key: ED25519.key,
      signature: Buffer.concat([prehashed(), Buffer.of(0)]),
      ok: false,
    },
    { name: 'Ed25519 of zeros is refused', key: ED25519.key, signature: Buffer.alloc(64), ok: false },
    {
      name: 'another key of the same kind is refused',
      key: P256.key,
      signature: sign('sha256', DATA, pair(generateKeyPairSync('ec', { namedCurve: 'P-256' })).secret),
      ok: false,
    },
    {
      name: 'an ECDSA signature under an RSA key is refused',
      key: RSA.key,
      signature: p256Signature,
      ok: false,
    },
    {
      name: 'an RSA signature under an ECDSA key is refused',
      key: P256.key,
      signature: sign('sha256', DATA, RSA.secret),
      ok: false,
    },
    {
      name: 'an Ed25519 signature under an ECDSA key is refused',
      key: P256.key,
      signature: sign(null, DATA, ED25519.secret),
      ok: false,
    },
    {
      name: 'raw r and s are refused',
      key: P256.key,
      signature: sign('sha256', DATA, { key: P256.secret, dsaEncoding: 'ieee-p1363' }),
      ok: false,
    },
    {
      name: 'a byte after the DER is refused',
      key: P256.key,
      signature: Buffer.concat([p256Signature, Buffer.of(0)]),
      ok: false,
    },
    { name: 'no signature is refused', key: P256.key, signature: Buffer.alloc(0), ok: false },
    {
      name: 'C17: (r, n-s) verifies, so a signature is nobody’s identity',
      key: P256.key,
      signature: malleated(p256Signature),
      ok: true,
    },
  ])('$name', async ({ key, signature, ok }) => {
    await expect(verifySignature(key, DATA, signature)).resolves.toBe(ok);
  });

  test.for([P256, P384, P521, RSA, ED25519])(
    'other bytes are refused: $key.kind',
    async ({ key, secret }) => {
      const signature = sign(key.kind === 'ed25519' ? null : 'sha256', DATA, secret);
      await expect(verifySignature(key, Buffer.concat([DATA, Buffer.of(0)]), signature)).resolves.toBe(false);
    },
  );
});

describe('C16: an ECDSA signature is strict DER', () => {
  const order = [...Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')];
  test.for([
    { name: 'small numbers', bytes: der([1], [1]), ok: true },
    { name: 'a zero before a high bit', bytes: der([0, 0x80], [1]), ok: true },
    { name: 'r = 0', bytes: der([0], [1]), ok: false },
    { name: 's = 0', bytes: der([1], [0]), ok: false },
    { name: 'an empty INTEGER', bytes: der([], [1]), ok: false },
    { name: 'a negative r', bytes: der([0x80], [1]), ok: false },
    { name: 'a superfluous zero', bytes: der([0, 1], [1]), ok: false },
    { name: 'r = n', bytes: der([0, ...order], [1]), ok: false },
    { name: 'r = n - 1', bytes: der([0, ...order.slice(0, -1), 0x50], [1]), ok: true },
    { name: 'r longer than n', bytes: der([1, ...order], [1]), ok: false },
    { name: 'a third INTEGER', bytes: Buffer.from([0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]), ok: false },
    { name: 'only r', bytes: Buffer.from([0x30, 3, 2, 1, 1]), ok: false },
    {
      name: 'a long form of a short length',
      bytes: Buffer.from([0x30, 0x81, 6, 2, 1, 1, 2, 1, 1]),
      ok: false,
    },
    { name: 'an indefinite length', bytes: Buffer.from([0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0]), ok: false },
    { name: 'another tag', bytes: Buffer.from([0x31, 6, 2, 1, 1, 2, 1, 1]), ok: false },
    { name: 'a length beyond the end', bytes: Buffer.from([0x30, 6, 2, 1, 1, 2, 9, 1]), ok: false },
  ])('$name', ({ bytes, ok }) => {
    expect(isEcdsaSignature(bytes, 'P-256')).toBe(ok);
  });

  test('what OpenSSL signs is always strict', { tags: ['thorough'] }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        expect(isEcdsaSignature(sign('sha256', data, P256.secret), 'P-256')).toBe(true);
        expect(isEcdsaSignature(sign('sha512', data, P521.secret), 'P-521')).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('a valid signature with any one byte changed is refused', { tags: ['thorough'] }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(p256Signature.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const changed = Buffer.from(p256Signature);
          changed[at] = (changed[at] ?? 0) ^ flip;
          await expect(verifySignature(P256.key, DATA, changed)).resolves.toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });
});

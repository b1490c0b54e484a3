import { createHash, createPublicKey, ECDH, generateKeyPairSync, type KeyObject } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parsePublicKey, publicKeyFromSpki, TrustError } from './index.js';

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P256_PEM = pemOf(p256.publicKey);
const P256_DER = derOf(p256.publicKey);
const PRIVATE_PEM = p256.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

function derOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

function ec(namedCurve: string): Buffer {
  return derOf(generateKeyPairSync('ec', { namedCurve }).publicKey);
}

/** An odd number of that length is a modulus to whoever only reads the key; looking for primes would take most of the time. */
function rsa(modulusLength: number, publicExponent = 65_537): Buffer {
  const n = Buffer.alloc(modulusLength / 8, 0xc5).toString('base64url');
  const e = Buffer.from(publicExponent.toString(16).padStart(6, '0'), 'hex').toString('base64url');
  return derOf(createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }));
}

/** The same P-256 key with its point compressed (SEC 1, 2.3.3): another encoding, another fingerprint. */
function compressed(): Buffer {
  const point = ECDH.convertKey(P256_DER.subarray(-65), 'prime256v1', undefined, undefined, 'compressed');
  return Buffer.concat([
    Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
    Buffer.from(point),
  ]);
}

describe('C13 C14: only keys of the allow-list are read', () => {
  test.for([
    { name: 'P-256', spki: () => ec('P-256'), is: { kind: 'ecdsa', curve: 'P-256' } },
    { name: 'P-384', spki: () => ec('P-384'), is: { kind: 'ecdsa', curve: 'P-384' } },
    { name: 'P-521', spki: () => ec('P-521'), is: { kind: 'ecdsa', curve: 'P-521' } },
    { name: 'RSA-2048', spki: () => rsa(2048), is: { kind: 'rsa', bits: 2048 } },
    { name: 'RSA-3072', spki: () => rsa(3072), is: { kind: 'rsa', bits: 3072 } },
    { name: 'Ed25519', spki: () => derOf(generateKeyPairSync('ed25519').publicKey), is: { kind: 'ed25519' } },
    { name: 'P-192 is refused', spki: () => ec('prime192v1'), code: 'key-type' },
    { name: 'P-224 is refused', spki: () => ec('secp224r1'), code: 'key-type' },
    { name: 'secp256k1 is refused', spki: () => ec('secp256k1'), code: 'key-type' },
    { name: 'brainpool is refused', spki: () => ec('brainpoolP256r1'), code: 'key-type' },
    { name: 'RSA-512 is refused', spki: () => rsa(512), code: 'key-size' },
    { name: 'RSA-2040 is refused', spki: () => rsa(2040), code: 'key-size' },
    { name: 'RSA with e = 3 is refused', spki: () => rsa(2048, 3), code: 'key-size' },
    {
      name: 'RSA-PSS is refused',
      spki: () => derOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
      code: 'key-type',
    },
    { name: 'Ed448 is refused', spki: () => derOf(generateKeyPairSync('ed448').publicKey), code: 'key-type' },
    {
      name: 'X25519 is refused',
      spki: () => derOf(generateKeyPairSync('x25519').publicKey),
      code: 'key-type',
    },
    {
      name: 'explicit curve parameters are refused',
      spki: () =>
        derOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey),
      code: 'key-encoding',
    },
    { name: 'C09: a compressed point is refused', spki: compressed, code: 'key-encoding' },
    {
      name: 'C09: a byte after the key is refused',
      spki: () => Buffer.concat([P256_DER, Buffer.of(0)]),
      code: 'key-encoding',
    },
    { name: 'no DER is refused', spki: () => Buffer.from('hello'), code: 'key-encoding' },
    { name: 'no bytes are refused', spki: () => Buffer.alloc(0), code: 'key-encoding' },
  ])('$name', ({ spki, is, code }) => {
    if (code === undefined) expect(publicKeyFromSpki(spki())).toMatchObject(is);
    else
      expect(() => publicKeyFromSpki(spki())).toThrow(expect.objectContaining({ name: 'TrustError', code }));
  });
});

describe('C19: a key is exactly one PEM block', () => {
  test.for([
    { name: 'one block', pem: P256_PEM },
    { name: 'one block in CRLF', pem: P256_PEM.replaceAll('\n', '\r\n') },
    { name: 'blank lines around it', pem: `\n  ${P256_PEM}\n\n` },
    { name: 'no line end at the end', pem: P256_PEM.trimEnd() },
    { name: 'two blocks are refused', pem: P256_PEM + P256_PEM, code: 'pem' },
    { name: 'a private key is refused', pem: PRIVATE_PEM, code: 'pem-label' },
    {
      name: 'a certificate is refused',
      pem: P256_PEM.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
      code: 'pem-label',
    },
    { name: 'text before it is refused', pem: `key: ${P256_PEM}`, code: 'pem' },
    { name: 'text after it is refused', pem: `${P256_PEM}x`, code: 'pem' },
    { name: 'a header is refused', pem: P256_PEM.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n'), code: 'pem' },
    { name: 'mixed labels are refused', pem: P256_PEM.replace('END PUBLIC', 'END PRIVATE'), code: 'pem' },
    { name: 'a missing end is refused', pem: P256_PEM.split('-----END')[0] ?? '', code: 'pem' },
    {
      name: 'an empty block is refused',
      pem: '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
      code: 'pem',
    },
    { name: 'the empty text is refused', pem: '', code: 'pem' },
    { name: 'C46: a key reference is refused', pem: 'k8s://ns/secret', code: 'pem' },
    { name: 'C46: a URL is refused', pem: 'https://example.org/key.pub', code: 'pem' },
    { name: 'a huge text is refused', pem: P256_PEM + ' '.repeat(70_000), code: 'pem' },
  ])('$name', ({ pem, code }) => {
    if (code === undefined)
      expect(parsePublicKey(pem).fingerprint).toBe(parsePublicKey(P256_PEM).fingerprint);
    else expect(() => parsePublicKey(pem)).toThrow(expect.objectContaining({ name: 'TrustError', code }));
  });

  test('the message does not hold the private key', () => {
    expect(() => parsePublicKey(PRIVATE_PEM)).toThrow(/PRIVATE KEY/);
    expect(() => parsePublicKey(PRIVATE_PEM)).not.toThrow(PRIVATE_PEM.split('\n')[1] ?? '');
  });

  test('any text is a key or a TrustError', () => {
    fc.assert(
      fc.property(fc.nat(P256_PEM.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, text) => {
        try {
          parsePublicKey(P256_PEM.slice(0, at) + text + P256_PEM.slice(at + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(TrustError);
        }
      }),
    );
  });
});

test('the fingerprint is SHA-256 over the SubjectPublicKeyInfo', () => {
  expect(parsePublicKey(P256_PEM).fingerprint).toBe(
    `SHA256:${createHash('sha256').update(P256_DER).digest('hex')}`,
  );
});

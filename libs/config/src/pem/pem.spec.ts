import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { TestAuthority } from '#testing';

import { parseCertificates } from './certificates.js';
import { PemError } from './pem-error.js';
import { parsePublicKey } from './public-key.js';

const pem = (key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string =>
  key.export({ format: 'pem', type }).toString();
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P256 = pem(p256.publicKey);
/** An odd number of that length is a modulus to whoever only reads the key; looking for primes would take most of the time. */
const rsa = (bits: number, exponent = 65_537): KeyObject =>
  createPublicKey({
    key: {
      kty: 'RSA',
      n: Buffer.alloc(bits / 8, 0xc5).toString('base64url'),
      e: Buffer.from(exponent.toString(16).padStart(6, '0'), 'hex').toString('base64url'),
    },
    format: 'jwk',
  });
const RSA = rsa(2048);

/** The key with more DER behind it, inside of the same block. */
function withTrailingByte(key: KeyObject): string {
  const der = Buffer.concat([key.export({ format: 'der', type: 'spki' }), Buffer.from([0])]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

describe('C13, C19: a public key', () => {
  test.for([
    { name: 'ECDSA P-256', text: P256 },
    { name: 'ECDSA P-384', text: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey) },
    { name: 'ECDSA P-521', text: pem(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey) },
    { name: 'Ed25519', text: pem(generateKeyPairSync('ed25519').publicKey) },
    { name: 'RSA 2048', text: pem(RSA) },
  ])('$name is taken as it is', ({ text }) => {
    expect(parsePublicKey(text)).toBe(text);
  });

  test.for([
    { name: 'CRLF', text: P256.replaceAll('\n', '\r\n') },
    { name: 'indentation and blank lines around', text: `\n\n${P256.replaceAll(/^/gm, '    ')}\n\n` },
    { name: 'no newline at the end', text: P256.trim() },
    {
      name: 'lines of another length',
      text: P256.replaceAll(/([A-Za-z0-9+/]{20})(?=[A-Za-z0-9+/])/g, '$1\n'),
    },
  ])('$name gives the same key text', ({ text }) => {
    expect(parsePublicKey(text)).toBe(P256);
  });

  test.for([
    { name: 'two blocks', text: P256 + P256 },
    { name: 'a private key', text: p256.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() },
    { name: 'a certificate', text: new TestAuthority().pem },
    { name: 'text before', text: `my key\n${P256}` },
    { name: 'text after', text: `${P256}# my key\n` },
    { name: 'text on the BEGIN line', text: `x${P256}` },
    { name: 'no PEM', text: 'hello' },
    { name: 'nothing', text: '' },
    { name: 'a begin without an end', text: P256.replace(/-----END.*/, '') },
    { name: 'an end without a begin', text: P256.replace(/-----BEGIN.*/, '') },
    { name: 'an end of another label', text: P256.replace('END PUBLIC', 'END PRIVATE') },
    { name: 'a folded text', text: P256.replaceAll('\n', ' ') },
    { name: 'a cut body', text: P256.replace(/.{8}==\n/, '\n') },
    { name: 'base64url', text: P256.replace(/[A-Z]/, '-') },
    { name: 'headers in the block', text: P256.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n') },
    { name: 'DER behind the key', text: withTrailingByte(p256.publicKey) },
    { name: 'RSA PUBLIC KEY (PKCS #1)', text: pem(RSA, 'pkcs1') },
    { name: 'P-192', text: pem(generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).publicKey) },
    { name: 'secp256k1', text: pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) },
    {
      name: 'explicit curve parameters',
      text: pem(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey),
    },
    { name: 'Ed448', text: pem(generateKeyPairSync('ed448').publicKey) },
    { name: 'X25519', text: pem(generateKeyPairSync('x25519').publicKey) },
    {
      name: 'RSA-PSS parameters',
      text: pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    },
    {
      name: 'DSA',
      text: pem(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey),
    },
    { name: 'RSA 1024', text: pem(rsa(1024)) },
    { name: 'RSA with exponent 3', text: pem(rsa(2048, 3)) },
  ])('$name is refused', ({ text }) => {
    expect(() => parsePublicKey(text)).toThrow(PemError);
  });

  test('the PKCS #1 refusal says how to convert it', () => {
    expect(() => parsePublicKey(pem(RSA, 'pkcs1'))).toThrow(/openssl rsa -RSAPublicKey_in/);
  });

  test('no refusal repeats what was in the text', () => {
    const secret = p256.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const body = secret.split('\n')[1] ?? '';
    expect(() => parsePublicKey(secret)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(body) }),
    );
  });

  test('a mebibyte of BEGIN lines takes linear time', () => {
    const start = performance.now();
    expect(() => parsePublicKey('-----BEGIN PUBLIC KEY-----\n'.repeat(40_000))).toThrow(PemError);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('certificates', () => {
  const first = new TestAuthority('first').pem;
  const second = new TestAuthority('second').pem;

  test.for([
    { name: 'one', text: first, expected: first },
    { name: 'a bundle', text: first + second, expected: first + second },
    {
      name: 'a bundle with titles',
      text: `# First\n${first}\nSecond\n======\n${second}`,
      expected: first + second,
    },
    { name: 'CRLF', text: first.replaceAll('\n', '\r\n'), expected: first },
  ])('$name', ({ text, expected }) => {
    expect(parseCertificates(text)).toBe(expected);
  });

  test.for([
    { name: 'none', text: 'hello' },
    { name: 'a public key', text: P256 },
    { name: 'a key beside a certificate', text: first + P256 },
    { name: 'a broken second one', text: first + second.replace(/\n.{20}/, '\nAAAA') },
    { name: 'a cut one', text: first + second.slice(0, 200) },
  ])('$name is refused', ({ text }) => {
    expect(() => parseCertificates(text)).toThrow(PemError);
  });
});

import { createPublicKey, type KeyObject } from 'node:crypto';

import { pemBlocks, toPem } from './pem-blocks.js';
import { PemError } from './pem-error.js';

const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** NIST SP 800-131A: 2048 bit at least. Above 16384 a verification costs seconds. */
const RSA_BITS = { min: 2048, max: 16_384 } as const;
const RSA_MIN_EXPONENT = 65_537n;

/**
 * Text to the one public key in it, as PEM in our spelling: ECDSA on P-256, P-384 or P-521, RSA, or Ed25519. Throws
 * {@link PemError} for anything else, and for anything beside it.
 */
export function parsePublicKey(text: string): string {
  const { blocks, rest } = pemBlocks(text);
  const [block] = blocks;
  if (block === undefined) throw new PemError('expected a public key as PEM ("-----BEGIN PUBLIC KEY-----")');
  if (blocks.length > 1)
    throw new PemError(`expected one PEM block, got ${blocks.length}: make a trust root of each`);
  if (rest.trim() !== '') throw new PemError('expected nothing before and after the PEM block');
  if (block.label !== 'PUBLIC KEY') throw new PemError(wrongLabel(block.label));
  const key = readKey(block.der);
  assertAllowed(key);
  assertCanonical(key, block.der);
  return toPem(block);
}

function readKey(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new PemError('expected a public key (SubjectPublicKeyInfo) inside of the PEM block', { cause });
  }
}

/** By way of JWK, which has one spelling for a key: no bytes behind it, no curve by its parameters, no short point. */
function assertCanonical(key: KeyObject, der: Buffer): void {
  const again = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
  if (again.export({ format: 'der', type: 'spki' }).equals(der)) return;
  throw new PemError(
    'expected a public key in canonical DER: a named curve, the whole point, nothing behind it',
  );
}

function assertAllowed(key: KeyObject): void {
  const details = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return;
  if (type === 'ec') {
    if (CURVES.has(details.namedCurve ?? '')) return;
    throw new PemError(
      `expected an ECDSA key on P-256, P-384 or P-521, got ${details.namedCurve ?? 'another curve'}`,
    );
  }
  if (type !== 'rsa')
    throw new PemError(`expected an ECDSA, RSA or Ed25519 key, got ${type ?? 'another kind'}`);
  const bits = details.modulusLength ?? 0;
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) {
    throw new PemError(`expected an RSA key of ${RSA_BITS.min} to ${RSA_BITS.max} bits, got ${bits}`);
  }
  const exponent = details.publicExponent ?? 0n;
  if (exponent < RSA_MIN_EXPONENT || exponent % 2n === 0n) {
    throw new PemError('expected an RSA key with an odd exponent of 65537 or more');
  }
}

function wrongLabel(label: string): string {
  if (label === 'RSA PUBLIC KEY') {
    return 'expected PUBLIC KEY, got RSA PUBLIC KEY: openssl rsa -RSAPublicKey_in -in old.pem -pubout -out new.pem';
  }
  if (label.endsWith('PRIVATE KEY')) {
    return `expected PUBLIC KEY, got ${label}: take it out of this file and replace the key pair`;
  }
  return `expected PUBLIC KEY, got ${label}`;
}

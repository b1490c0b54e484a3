import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { TrustError } from './error.js';
import { parsePem } from './pem.js';

/** `SHA256:` and lower-case hex of the SHA-256 over the DER SubjectPublicKeyInfo. */
export type Fingerprint = `SHA256:${string}`;

export type EcdsaCurve = 'P-256' | 'P-384' | 'P-521';

interface KeyBase {
  readonly keyObject: KeyObject;
  /** DER SubjectPublicKeyInfo in the one encoding that we accept, so equal keys have equal bytes. */
  readonly spki: Uint8Array;
  readonly fingerprint: Fingerprint;
}

/**
 * A public key that may verify signatures. Made by {@link parsePublicKey} only, once, when the configuration is loaded.
 */
export type PublicKey = KeyBase &
  (
    | { readonly kind: 'ecdsa'; readonly curve: EcdsaCurve }
    | { readonly kind: 'rsa'; readonly bits: number }
    | { readonly kind: 'ed25519' }
  );

/** NIST SP 800-131A: below this, RSA is no longer a signature. */
const MIN_RSA_BITS = 2048;
/** OpenSSL's own bound; above it one verification takes seconds. */
const MAX_RSA_BITS = 16_384;
const MIN_RSA_EXPONENT = 65_537n;

/**
 * Curves by OpenSSL's name: ours, and the length of a SubjectPublicKeyInfo with a named curve and an uncompressed
 * point.
 */
const CURVES = new Map<string, { readonly curve: EcdsaCurve; readonly spkiBytes: number }>([
  ['prime256v1', { curve: 'P-256', spkiBytes: 91 }],
  ['secp384r1', { curve: 'P-384', spkiBytes: 120 }],
  ['secp521r1', { curve: 'P-521', spkiBytes: 158 }],
]);

/**
 * Reads one `PUBLIC KEY` block that holds an ECDSA key on P-256, P-384 or P-521, an RSA key of 2048 bits or more, or an
 * Ed25519 key. Throws {@link TrustError} for everything else; a private key is never read.
 */
export function parsePublicKey(pem: string): PublicKey {
  return publicKeyFromSpki(parsePem(pem, ['PUBLIC KEY']).der);
}

/** The same from a DER SubjectPublicKeyInfo. Throws {@link TrustError}. */
export function publicKeyFromSpki(spki: Uint8Array): PublicKey {
  const fixed = fixedKind(spki);
  const keyObject = decode(spki, fixed !== undefined);
  if (fixed !== undefined) return { keyObject, spki, fingerprint: fingerprintOf(spki), ...fixed };
  // Explicit curve parameters, BER lengths and trailing bytes would give one key a second fingerprint.
  if (!keyObject.export({ format: 'der', type: 'spki' }).equals(spki)) {
    throw new TrustError('key-encoding', 'expected a DER SubjectPublicKeyInfo in its shortest form');
  }
  return { keyObject, spki, fingerprint: fingerprintOf(spki), ...allowedKind(keyObject, spki.length) };
}

/** The same from a key that Node has read already, for example out of a certificate. Throws {@link TrustError}. */
export function publicKeyFromKeyObject(keyObject: KeyObject): PublicKey {
  const spki = keyObject.export({ format: 'der', type: 'spki' });
  const fixed = fixedKind(spki);
  return fixed === undefined
    ? publicKeyFromSpki(spki)
    : { keyObject, spki, fingerprint: fingerprintOf(spki), ...fixed };
}

/** The fingerprint of a DER SubjectPublicKeyInfo. */
function fingerprintOf(spki: Uint8Array): Fingerprint {
  return `SHA256:${createHash('sha256').update(spki).digest('hex')}`;
}

/** Everything before the point of a named curve, uncompressed, or before the bytes of an Ed25519 key: RFC 5480, RFC 8410. */
const FIXED_FORMS: readonly { readonly head: Buffer; readonly bytes: number; readonly is: AllowedKind }[] = [
  {
    head: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'),
    bytes: 91,
    is: { kind: 'ecdsa', curve: 'P-256' },
  },
  {
    head: Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex'),
    bytes: 120,
    is: { kind: 'ecdsa', curve: 'P-384' },
  },
  { head: Buffer.from('302a300506032b6570032100', 'hex'), bytes: 44, is: { kind: 'ed25519' } },
];

/** The kind of a key whose encoding is all fixed but for the key itself: it has no second form to look for. */
function fixedKind(spki: Uint8Array): AllowedKind | undefined {
  return FIXED_FORMS.find(
    ({ head, bytes }) => spki.length === bytes && head.equals(spki.subarray(0, head.length)),
  )?.is;
}

function decode(spki: Uint8Array, isShort: boolean): KeyObject {
  try {
    // Node takes half as long for a text as for options with bytes. OpenSSL reads one line where it is short.
    return createPublicKey(
      isShort
        ? `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`
        : { key: Buffer.from(spki), format: 'der', type: 'spki' },
    );
  } catch (cause) {
    throw new TrustError('key-encoding', 'expected a DER SubjectPublicKeyInfo', { cause });
  }
}

type AllowedKind =
  | { readonly kind: 'ecdsa'; readonly curve: EcdsaCurve }
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'ed25519' };

function allowedKind(key: KeyObject, spkiBytes: number): AllowedKind {
  const type = key.asymmetricKeyType;
  if (type === 'ec') return allowedCurve(key, spkiBytes);
  if (type === 'rsa') return allowedRsa(key);
  if (type === 'ed25519') return { kind: 'ed25519' };
  throw new TrustError('key-type', `expected an ECDSA, RSA or Ed25519 key, got ${String(type)}`);
}

function allowedCurve(key: KeyObject, spkiBytes: number): AllowedKind {
  const name = key.asymmetricKeyDetails?.namedCurve ?? 'explicit parameters';
  const allowed = CURVES.get(name);
  if (allowed === undefined) throw new TrustError('key-type', `expected P-256, P-384 or P-521, got ${name}`);
  if (spkiBytes !== allowed.spkiBytes) throw new TrustError('key-encoding', 'expected an uncompressed point');
  return { kind: 'ecdsa', curve: allowed.curve };
}

function allowedRsa(key: KeyObject): AllowedKind {
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    throw new TrustError(
      'key-size',
      `expected an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, got ${bits}`,
    );
  }
  if (publicExponent < MIN_RSA_EXPONENT || publicExponent % 2n === 0n) {
    throw new TrustError(
      'key-size',
      `expected an odd RSA exponent of at least ${MIN_RSA_EXPONENT}, got ${publicExponent}`,
    );
  }
  return { kind: 'rsa', bits };
}

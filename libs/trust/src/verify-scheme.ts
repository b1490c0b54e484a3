import { constants, verify } from 'node:crypto';

import { derOfPair } from './ecdsa-signature.js';
import type { EcdsaCurve, PublicKey } from './public-key.js';

/**
 * A signature scheme that names everything: ECDSA as the plain pair r‖s (IEEE P1363) with SHA-256, RSASSA-PSS with SHA-256
 * and a salt of 32 bytes, RSASSA-PKCS1-v1_5 with SHA-256, pure Ed25519.
 */
export type SignatureScheme = 'ecdsa-p1363' | 'rsa-pss' | 'rsa-pkcs1' | 'ed25519';

/** Bytes of r‖s: each number as long as the curve's order. */
const PAIR_BYTES: Readonly<Record<EcdsaCurve, number>> = { 'P-256': 64, 'P-384': 96, 'P-521': 132 };
const ED25519_BYTES = 64;
const PSS_SALT_BYTES = 32;

/**
 * True where `signature` is this key's signature over `data` in exactly this scheme; a scheme that is not for keys of this
 * kind, and a signature of another length, is false.
 */
export function verifyScheme(
  key: PublicKey,
  scheme: SignatureScheme,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (scheme) {
    case 'ecdsa-p1363':
      return (
        key.kind === 'ecdsa' &&
        signature.length === PAIR_BYTES[key.curve] &&
        // Node takes half as long for a bare key and DER as for options that say P1363.
        verify('sha256', data, key.keyObject, derOfPair(signature))
      );
    case 'rsa-pss':
    case 'rsa-pkcs1':
      return (
        key.kind === 'rsa' &&
        signature.length === Math.ceil(key.bits / 8) &&
        isRsa(key, scheme, data, signature)
      );
    case 'ed25519':
      return (
        key.kind === 'ed25519' &&
        signature.length === ED25519_BYTES &&
        verify(null, data, key.keyObject, signature)
      );
  }
}

function isRsa(
  { keyObject }: PublicKey,
  scheme: 'rsa-pss' | 'rsa-pkcs1',
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const input =
    scheme === 'rsa-pkcs1'
      ? { key: keyObject, padding: constants.RSA_PKCS1_PADDING }
      : { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES };
  return verify('sha256', data, input, signature);
}

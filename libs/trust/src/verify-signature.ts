import { constants, type KeyObject, verify } from 'node:crypto';

import { isEcdsaSignature } from './ecdsa-signature.js';
import type { EcdsaCurve, PublicKey } from './public-key.js';

/**
 * Hashes to try, in order: the curve's own (cosign 3), then SHA-256 (cosign 1 and 2 for every curve). Curves that take
 * about a millisecond go to the thread pool; the others take less than the way there and back.
 */
const ECDSA: Readonly<Record<EcdsaCurve, { readonly hashes: readonly string[]; readonly isSlow: boolean }>> =
  {
    'P-256': { hashes: ['sha256'], isSlow: false },
    'P-384': { hashes: ['sha384', 'sha256'], isSlow: true },
    'P-521': { hashes: ['sha512', 'sha256'], isSlow: true },
  };
const ED25519_SIGNATURE_BYTES = 64;

/**
 * True where `signature` is this key's signature over `data`. The key alone chooses the algorithm: ECDSA in strict DER
 * with the curve's hash or SHA-256, RSA PKCS#1 v1.5 with SHA-256, Ed25519 pure or pre-hashed (RFC 8032).
 */
export async function verifySignature(
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  switch (key.kind) {
    case 'ecdsa':
      return isEcdsaSignature(signature, key.curve) && verifyEcdsa(ECDSA[key.curve], key, data, signature);
    case 'rsa':
      return (
        signature.length === Math.ceil(key.bits / 8) &&
        verify('sha256', data, { key: key.keyObject, padding: constants.RSA_PKCS1_PADDING }, signature)
      );
    case 'ed25519':
      return signature.length === ED25519_SIGNATURE_BYTES && verifyEd25519(key, data, signature);
  }
}

async function verifyEcdsa(
  { hashes, isSlow }: { readonly hashes: readonly string[]; readonly isSlow: boolean },
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  for (const hash of hashes) {
    // A bare key means DER, and Node takes half as long for it as for options that say so.
    const isValid = isSlow
      ? await verifyOnPool(hash, data, key.keyObject, signature)
      : verify(hash, data, key.keyObject, signature);
    if (isValid) return true;
  }
  return false;
}

async function verifyEd25519(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (verify(null, data, key.keyObject, signature)) return true;
  // cosign 3 signs pre-hashed with Ed25519 keys, and Node has no such mode. Loaded only where it is needed.
  const { ed25519ph } = await import('@noble/curves/ed25519.js');
  // zip215: false is RFC 8032's strict rule, as OpenSSL's.
  return ed25519ph.verify(signature, data, key.spki.subarray(-32), { zip215: false });
}

function verifyOnPool(
  hash: string,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  verify(hash, data, key, signature, (error, isValid) => (error === null ? resolve(isValid) : reject(error)));
  return promise;
}

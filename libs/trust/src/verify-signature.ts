import { constants, verify, type VerifyKeyObjectInput } from 'node:crypto';

import { isEcdsaSignature } from './ecdsa-signature.js';
import type { EcdsaCurve, PublicKey } from './public-key.js';

/** Hashes to try, in order: the curve's own (cosign 3), then SHA-256 (cosign 1 and 2 for every curve). */
const ECDSA_HASHES: Readonly<Record<EcdsaCurve, readonly string[]>> = {
  'P-256': ['sha256'],
  'P-384': ['sha384', 'sha256'],
  'P-521': ['sha512', 'sha256'],
};
const ED25519_SIGNATURE_BYTES = 64;

/**
 * True where `signature` is this key's signature over `data`. The key alone chooses the algorithm: ECDSA in strict DER with the curve's hash or
 * SHA-256, RSA PKCS#1 v1.5 with SHA-256, Ed25519 pure or pre-hashed (RFC 8032). Runs on the thread pool, so that the event loop stays free.
 */
export async function verifySignature(
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  switch (key.kind) {
    case 'ecdsa':
      return (
        isEcdsaSignature(signature, key.curve) && verifyWithAny(ECDSA_HASHES[key.curve], key, data, signature)
      );
    case 'rsa':
      return (
        signature.length === Math.ceil(key.bits / 8) &&
        verifyOnPool('sha256', data, { key: key.keyObject, padding: constants.RSA_PKCS1_PADDING }, signature)
      );
    case 'ed25519':
      return signature.length === ED25519_SIGNATURE_BYTES && verifyEd25519(key, data, signature);
  }
}

async function verifyWithAny(
  hashes: readonly string[],
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  for (const hash of hashes) {
    if (await verifyOnPool(hash, data, { key: key.keyObject, dsaEncoding: 'der' }, signature)) return true;
  }
  return false;
}

async function verifyEd25519(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (await verifyOnPool(null, data, { key: key.keyObject }, signature)) return true;
  // cosign 3 signs pre-hashed with Ed25519 keys, and OpenSSL through Node has no such mode. Loaded only where it is needed.
  const { ed25519ph } = await import('@noble/curves/ed25519.js');
  // zip215: false is RFC 8032's strict rule, as OpenSSL's.
  return ed25519ph.verify(signature, data, key.spki.subarray(-32), { zip215: false });
}

function verifyOnPool(
  hash: string | null,
  data: Uint8Array,
  key: VerifyKeyObjectInput,
  signature: Uint8Array,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  verify(hash, data, key, signature, (error, isValid) => (error === null ? resolve(isValid) : reject(error)));
  return promise;
}

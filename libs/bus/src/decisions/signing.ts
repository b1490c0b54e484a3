import { type KeyObject, sign, verify } from 'node:crypto';

/** Signs what this process writes. The id says which public key proves it; ids overlap while keys are exchanged. */
export interface DecisionSigner {
  readonly id: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Proves signatures by the id of their key. An id that was taken away proves nothing any more. */
export interface DecisionVerifier {
  verify(keyId: string, bytes: Uint8Array, signature: Uint8Array): boolean;
}

const SIGNATURE_BYTES = 64;

/** Signs with one Ed25519 private key; a `TypeError` for any other kind of key. */
export class Ed25519Signer implements DecisionSigner {
  readonly id: string;
  readonly #key: KeyObject;

  constructor(id: string, key: KeyObject) {
    if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') {
      throw new TypeError(
        `expected an Ed25519 private key for "${id}", got ${key.asymmetricKeyType ?? key.type}`,
      );
    }
    this.id = id;
    this.#key = key;
  }

  sign(bytes: Uint8Array): Uint8Array {
    return sign(null, bytes, this.#key);
  }
}

/** Verifies with Ed25519 public keys by id; a `TypeError` for any other kind of key. */
export class Ed25519Verifier implements DecisionVerifier {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  constructor(keys: ReadonlyMap<string, KeyObject>) {
    for (const [id, key] of keys) {
      if (key.type !== 'public' || key.asymmetricKeyType !== 'ed25519') {
        throw new TypeError(
          `expected an Ed25519 public key for "${id}", got ${key.asymmetricKeyType ?? key.type}`,
        );
      }
    }
    this.#keys = new Map(keys);
  }

  verify(keyId: string, bytes: Uint8Array, signature: Uint8Array): boolean {
    const key = this.#keys.get(keyId);
    return key !== undefined && signature.length === SIGNATURE_BYTES && verify(null, bytes, key, signature);
  }
}

const BASE64URL_SIGNATURE = /^[A-Za-z0-9_-]{85}[AQgw]$/;

/** The 64 bytes of a signature in base64url, or nothing: `Buffer.from` alone would skip what is not base64. */
export function parseSignature(text: string): Uint8Array | undefined {
  return BASE64URL_SIGNATURE.test(text) ? Buffer.from(text, 'base64url') : undefined;
}

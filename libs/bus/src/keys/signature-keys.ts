import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

import { BusKeyError } from './error.js';
import { frame } from './frame.js';
import { compareKeyIds, type KeyId } from './key-id.js';

/** RFC 8032 section 5.1.6: a signature is 64 bytes, 86 characters of base64url. */
const SIGNATURE_BYTES = 64;
const SIGNATURE_TEXT = /^[A-Za-z0-9_-]{86}$/;

/** Halves of Ed25519 keys by id: a private one signs and verifies, a public one verifies. */
export interface SignatureKeyParts {
  readonly privateKeys: ReadonlyMap<KeyId, KeyObject>;
  readonly publicKeys: ReadonlyMap<KeyId, KeyObject>;
}

/** A signature and the key that made it. */
export interface Signature {
  readonly kid: KeyId;
  /** 86 characters of base64url. */
  readonly signature: string;
}

/** Ed25519 keys, several at once by id: the newest private one signs, all verify, taking one away voids what it signed. */
export abstract class SignatureKeys {
  /** Keeps the keys of one purpose out of the other's hands, in types and in what is signed. */
  abstract readonly purpose: 'verdicts' | 'decisions';
  /** Ids that verify, from the oldest to the newest. */
  readonly ids: readonly KeyId[];
  readonly #public: ReadonlyMap<string, KeyObject>;
  readonly #signer: readonly [KeyId, KeyObject] | undefined;

  constructor({ privateKeys, publicKeys }: SignatureKeyParts) {
    const derived = [...privateKeys].map(
      ([id, key]) => [id, derivePublic(id, key, publicKeys.get(id))] as const,
    );
    const all = new Map([...publicKeys, ...derived]);
    if (all.size === 0) throw new BusKeyError('count', 'expected at least one key, got none');
    for (const [id, key] of all) assertEd25519(id, key);
    this.#public = all;
    this.ids = [...all.keys()].sort(compareKeyIds);
    this.#signer = [...privateKeys].sort(([left], [right]) => compareKeyIds(left, right)).at(-1);
  }

  get canSign(): boolean {
    return this.#signer !== undefined;
  }

  /** Id of the key that signs; undefined where there are public keys only. */
  get signingId(): KeyId | undefined {
    return this.#signer?.[0];
  }

  /** Signs domain, key id and body with the newest private key; throws {@link BusKeyError} where there is none. */
  sign(domain: string, body: string | Uint8Array): Signature {
    if (this.#signer === undefined) {
      throw new BusKeyError(
        'cannot-sign',
        `expected a private key for ${this.purpose}, got public keys only`,
      );
    }
    const [kid, key] = this.#signer;
    const bytes = sign(null, frame(this.purpose, domain, kid, body), key);
    return { kid, signature: bytes.toString('base64url') };
  }

  /** True only for a signature that a key which is here now made over exactly this domain, key id and body. */
  verify(domain: string, kid: string, signature: string, body: string | Uint8Array): boolean {
    const key = this.#public.get(kid);
    if (key === undefined || !SIGNATURE_TEXT.test(signature)) return false;
    const bytes = Buffer.from(signature, 'base64url');
    if (bytes.length !== SIGNATURE_BYTES) return false;
    return verify(null, frame(this.purpose, domain, kid, body), key, bytes);
  }
}

/** Keys of the verifiers: a gateway has the public halves only, so it cannot speak for a verifier. */
export class VerdictKeys extends SignatureKeys {
  readonly purpose = 'verdicts';
}

/** Keys of the gateways' decision log: readers have the public halves only. */
export class DecisionKeys extends SignatureKeys {
  readonly purpose = 'decisions';
}

function derivePublic(id: KeyId, key: KeyObject, given: KeyObject | undefined): KeyObject {
  assertEd25519(id, key);
  const derived = createPublicKey(key);
  if (given !== undefined && !given.equals(derived)) {
    throw new BusKeyError(
      'mismatch',
      `key "${id}": expected the public half of its private key, got another key`,
    );
  }
  return derived;
}

function assertEd25519(id: KeyId, key: KeyObject): void {
  if (key.asymmetricKeyType === 'ed25519') return;
  throw new BusKeyError(
    'algorithm',
    `key "${id}": expected an Ed25519 key, got ${key.asymmetricKeyType ?? key.type}`,
  );
}

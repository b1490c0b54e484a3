import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { ed25519ph } from '@noble/curves/ed25519.js';

export type SigningKeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-2048' | 'RSA-4096' | 'Ed25519' | 'Ed25519ph';

/** The hash that cosign 3 takes for a kind of key. */
const HASHES: Readonly<Record<SigningKeyKind, string>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
  'RSA-2048': 'sha256',
  'RSA-4096': 'sha256',
  Ed25519: 'sha256',
  Ed25519ph: 'sha512',
};

/** A key pair that signs as cosign does with it. */
export class SigningKey {
  readonly kind: SigningKeyKind;
  /** Of the data, as the transparency log is told. */
  readonly hash: string;
  readonly spki: Buffer;
  readonly publicKeyPem: string;
  readonly privateKey: KeyObject;

  /** `ecdsaHash`: cosign 2 takes sha256 for every curve. */
  constructor(kind: SigningKeyKind, ecdsaHash?: string) {
    const { publicKey, privateKey } = generate(kind);
    this.kind = kind;
    this.hash = ecdsaHash ?? HASHES[kind];
    this.spki = publicKey.export({ format: 'der', type: 'spki' });
    this.publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    this.privateKey = privateKey;
  }

  /** As trust roots name it: `SHA256:` and hex. */
  get fingerprint(): string {
    return `SHA256:${createHash('sha256').update(this.spki).digest('hex')}`;
  }

  sign(data: Uint8Array): Buffer {
    if (this.kind === 'Ed25519') return sign(null, data, this.privateKey);
    if (this.kind !== 'Ed25519ph') return sign(this.hash, data, this.privateKey);
    const seed = this.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    return Buffer.from(ed25519ph.sign(data, seed));
  }
}

function generate(kind: SigningKeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return generateKeyPairSync('ec', { namedCurve: kind });
    case 'RSA-2048':
    case 'RSA-4096':
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice('RSA-'.length)) });
    case 'Ed25519':
    case 'Ed25519ph':
      return generateKeyPairSync('ed25519');
  }
}

import { hash, X509Certificate } from 'node:crypto';

import { decodeBase64, type PublicKey, publicKeyFromKeyObject, publicKeyFromSpki } from '#trust';

import { canonicalJson } from './canonical-json.js';
import { Fields } from './fields.js';

/** A certificate of a root key, as far as it binds that key to a collection. */
export interface KeyCertificate {
  /** The one common name of its subject; `undefined` where it has none or several. */
  readonly commonName: string | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCa: boolean;
  /** Signed over SHA-1 or another hash in which two certificates may have one signature. */
  readonly isWeak: boolean;
}

/** A key that a role may sign with. */
export interface RoleKey {
  /** Recomputed over the key's content. */
  readonly id: string;
  readonly key: PublicKey;
  readonly certificate: KeyCertificate | undefined;
}

const KEY_TYPES = ['ecdsa', 'rsa', 'ed25519', 'ecdsa-x509', 'rsa-x509'] as const;
type KeyType = (typeof KEY_TYPES)[number];
const KIND: Readonly<Record<KeyType, PublicKey['kind']>> = {
  ecdsa: 'ecdsa',
  'ecdsa-x509': 'ecdsa',
  rsa: 'rsa',
  'rsa-x509': 'rsa',
  ed25519: 'ed25519',
};
const MAX_PUBLIC_CHARACTERS = 32_768;
/** DER up to the 32 bytes of an Ed25519 key; RFC 8410. */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_BYTES = 32;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_CERTIFICATES = 8;
/** Signature algorithms of certificates by OpenSSL's names. */
const STRONG = /^(?:ecdsa-with-SHA(?:256|384|512)|sha(?:256|384|512)WithRSAEncryption|ED25519)$/;

/**
 * Reads one key of a role. `undefined` for a kind that we do not know, for one that is not what its type says, and for
 * one whose id is not the hash of its content: such a key signs nothing.
 */
export function parseRoleKey(id: string, value: unknown): RoleKey | undefined {
  try {
    const fields = new Fields(value, 'a key', ['keytype', 'keyval']);
    const keytype = fields.text('keytype', 64);
    const keyval = new Fields(fields.any('keyval'), 'a key', ['private', 'public']);
    const text = keyval.text('public', MAX_PUBLIC_CHARACTERS);
    const type = KEY_TYPES.find((known) => known === keytype);
    if (type === undefined || id !== keyId(keytype, text)) return undefined;
    const { key, certificate } = parsePublic(type, decodeBase64(text));
    return key.kind === KIND[type] ? { id, key, certificate } : undefined;
  } catch {
    // Why a key is none concerns only whoever made it; that it counts for nothing is all that follows from it.
    return undefined;
  }
}

/** SHA-256, hex, over the canonical JSON of the key without its private half. */
export function keyId(keytype: string, publicText: string): string {
  const text = canonicalJson({ keytype, keyval: { private: null, public: publicText } });
  return hash('sha256', text, 'hex');
}

function parsePublic(type: KeyType, bytes: Uint8Array): Omit<RoleKey, 'id'> {
  switch (type) {
    case 'ecdsa':
    case 'rsa':
      return { key: publicKeyFromSpki(bytes), certificate: undefined };
    case 'ed25519': {
      if (bytes.length !== ED25519_BYTES) throw new Error('expected 32 bytes');
      return { key: publicKeyFromSpki(Buffer.concat([ED25519_PREFIX, bytes])), certificate: undefined };
    }
    case 'ecdsa-x509':
    case 'rsa-x509':
      return parseCertificates(Buffer.from(bytes).toString('latin1'));
  }
}

/** The leaf comes first, and what follows it are the authorities above it. */
function parseCertificates(pem: string): Omit<RoleKey, 'id'> {
  const blocks = pem.match(PEM_CERTIFICATE) ?? [];
  const [first] = blocks;
  if (first === undefined || blocks.length > MAX_CERTIFICATES) throw new Error('expected certificates');
  const leaf = new X509Certificate(first);
  const others = blocks.slice(1).map((block) => new X509Certificate(block));
  if (others.some(({ ca }) => !ca)) throw new Error('expected one leaf');
  const names = leaf.subject.split('\n').filter((line) => line.startsWith('CN='));
  const [name] = names;
  return {
    key: publicKeyFromKeyObject(leaf.publicKey),
    certificate: {
      // Node writes each attribute on a line of its own and escapes what could look like one.
      commonName: names.length === 1 ? name?.slice(3) : undefined,
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
      isCa: leaf.ca,
      isWeak: !STRONG.test(leaf.signatureAlgorithm ?? ''),
    },
  };
}

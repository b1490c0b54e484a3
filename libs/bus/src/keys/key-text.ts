import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { BusKeyError } from './error.js';
import { REQUEST_KEY_BYTES } from './request-keys.js';

/** Far above what an Ed25519 key in PEM takes (119 characters). */
const MAX_TEXT = 1024;
/** RFC 7468 section 3: one block, its label, base64 in lines; nothing before and nothing after. */
const PEM = /^-----BEGIN ([A-Z ]{1,32})-----\r?\n((?:[A-Za-z0-9+/=]{1,76}\r?\n){1,16})-----END \1-----\s*$/;

/** Text of `<id>.requests.key`: base64 of 32 bytes, strictly. */
export function parseRequestKey(file: string, text: string): Uint8Array {
  const trimmed = bounded(file, text).trim();
  const bytes = Buffer.from(trimmed, 'base64');
  if (bytes.toString('base64') === trimmed && bytes.length === REQUEST_KEY_BYTES) return bytes;
  throw new BusKeyError(
    'format',
    `${file}: expected base64 of ${REQUEST_KEY_BYTES} bytes (for example: openssl rand -base64 32)`,
  );
}

/** Text of a `.key` file: one PEM block "PRIVATE KEY" (PKCS#8) with an Ed25519 key. */
export function parsePrivateKey(file: string, text: string): KeyObject {
  const der = parsePem(file, text, 'PRIVATE KEY');
  return read(file, () => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** Text of a `.pub` file: one PEM block "PUBLIC KEY" (SubjectPublicKeyInfo) with an Ed25519 key. */
export function parsePublicKey(file: string, text: string): KeyObject {
  const der = parsePem(file, text, 'PUBLIC KEY');
  return read(file, () => createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

function parsePem(file: string, text: string, label: string): Buffer {
  const match = PEM.exec(bounded(file, text));
  const base64 = match?.[2]?.replace(/\s/g, '') ?? '';
  const der = Buffer.from(base64, 'base64');
  if (match?.[1] === label && der.toString('base64') === base64) return der;
  throw new BusKeyError(
    'format',
    `${file}: expected exactly one PEM block "${label}"${match === null ? '' : `, got "${match[1] ?? ''}"`}`,
  );
}

function read(file: string, parse: () => KeyObject): KeyObject {
  const key = attempt(file, parse);
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new BusKeyError(
    'algorithm',
    `${file}: expected an Ed25519 key, got ${key.asymmetricKeyType ?? key.type}`,
  );
}

/** The parser's own error is not kept as cause: it may quote what it read. */
function attempt(file: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch {
    throw new BusKeyError(
      'format',
      `${file}: expected an Ed25519 key inside the PEM block, got something that cannot be read`,
    );
  }
}

function bounded(file: string, text: string): string {
  if (text.length <= MAX_TEXT) return text;
  throw new BusKeyError('size', `${file}: expected at most ${MAX_TEXT} characters, got ${text.length}`);
}

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { parseKeyId } from './key-id.js';
import { REQUEST_KEY_BYTES } from './request-keys.js';

/** New keys of every kind under one id: file name → text, in the form that {@link readBusKeys} reads. Throws BusKeyError. */
export function generateBusKeys(id: string): Map<string, string> {
  const kid = parseKeyId(id);
  return new Map([
    [`${kid}.requests.key`, `${randomBytes(REQUEST_KEY_BYTES).toString('base64')}\n`],
    ...pair(`${kid}.verdicts`),
    ...pair(`${kid}.decisions`),
  ]);
}

function pair(name: string): [string, string][] {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  return [
    [`${name}.key`, privateKey],
    [`${name}.pub`, publicKey],
  ];
}

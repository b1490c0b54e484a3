import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

import { BusKeyError } from './error.js';
import { frame } from './frame.js';
import { compareKeyIds, type KeyId } from './key-id.js';

/** Bytes of a request key and of a MAC: HMAC-SHA256 (RFC 2104) with a key as long as its output. */
export const REQUEST_KEY_BYTES = 32;
const MAC_TEXT = /^[0-9a-f]{64}$/;

/** A MAC and the key that made it. */
export interface Mac {
  readonly kid: KeyId;
  /** 64 lower-case hex digits. */
  readonly mac: string;
}

/** The keys that authenticate requests, several at once by id: the newest signs, all verify. Never prints a key. */
export class RequestKeys {
  /** From the oldest to the newest. */
  readonly ids: readonly KeyId[];
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #signer: readonly [KeyId, KeyObject];

  constructor(keys: ReadonlyMap<KeyId, Uint8Array>) {
    const secrets = [...keys]
      .map(([id, bytes]) => [id, toSecret(id, bytes)] as const)
      .sort(([left], [right]) => compareKeyIds(left, right));
    const newest = secrets.at(-1);
    if (newest === undefined) throw new BusKeyError('count', 'expected at least one request key, got none');
    this.ids = secrets.map(([id]) => id);
    this.#keys = new Map(secrets);
    this.#signer = newest;
  }

  /** The MAC over domain, key id and body, by the newest key. */
  sign(domain: string, body: string): Mac {
    const [kid, key] = this.#signer;
    return { kid, mac: compute(key, domain, kid, body).toString('hex') };
  }

  /** True only for a MAC that a key which is here now made over exactly this domain, key id and body. */
  verify(domain: string, kid: string, mac: string, body: string): boolean {
    const key = this.#keys.get(kid);
    if (key === undefined || !MAC_TEXT.test(mac)) return false;
    const given = Buffer.from(mac, 'hex');
    return given.length === REQUEST_KEY_BYTES && timingSafeEqual(compute(key, domain, kid, body), given);
  }
}

function compute(key: KeyObject, domain: string, kid: string, body: string): Buffer {
  return createHmac('sha256', key)
    .update(frame(domain, kid, body))
    .digest();
}

function toSecret(id: KeyId, bytes: Uint8Array): KeyObject {
  if (bytes.length === REQUEST_KEY_BYTES) return createSecretKey(bytes);
  throw new BusKeyError(
    'size',
    `request key "${id}": expected ${REQUEST_KEY_BYTES} bytes, got ${bytes.length}`,
  );
}

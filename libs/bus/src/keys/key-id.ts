import { BusKeyError } from './error.js';

declare const verifiedShape: unique symbol;

/** Names a key on the bus; made by {@link parseKeyId} only. Holds no dot, so that file names and envelopes can be split at dots. */
export type KeyId = string & { readonly [verifiedShape]: true };

const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** True for a well-formed key id. */
export function isKeyId(text: string): text is KeyId {
  return KEY_ID.test(text);
}

/** Text to key id; throws {@link BusKeyError}. */
export function parseKeyId(text: string): KeyId {
  if (isKeyId(text)) return text;
  throw new BusKeyError(
    'name',
    'expected a key id of at most 64 letters, digits, "-" or "_", starting with a letter or digit',
  );
}

/**
 * Orders ids from the oldest to the newest: runs of digits by value, everything else by code unit. So `k2` is older than
 * `k10`, and dates in ISO form sort as dates.
 */
export function compareKeyIds(left: KeyId, right: KeyId): number {
  const [a, b] = [chunksOf(left), chunksOf(right)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareChunks(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length || compareText(left, right);
}

function chunksOf(id: KeyId): readonly string[] {
  return id.match(/\d+|\D+/g) ?? [];
}

function compareChunks(left: string, right: string): number {
  if (!/^\d/.test(left) || !/^\d/.test(right)) return compareText(left, right);
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length - b.length || compareText(a, b);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

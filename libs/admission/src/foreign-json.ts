import { isUtf8 } from 'node:buffer';

import { ReviewError } from './review-error.js';

/** An object or array that somebody else wrote: nothing about its fields is known. */
export interface ForeignObject {
  readonly [key: string]: unknown;
}

/** The API server takes 3 MiB; an update carries the object twice. */
export const MAX_REVIEW_BYTES = 8 * 1024 * 1024;
/** The deepest field of the typed kinds is below 30; `managedFields` goes a little deeper. */
export const MAX_DEPTH = 64;
/** etcd takes 1.5 MiB; twice that, at 10 bytes for a value. */
export const MAX_VALUES = 300_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const UPPER_Z = 0x5a;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` differ in this bit only. */
const CURLY = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Bytes to JSON value, bounded in size, depth and number of values; throws {@link ReviewError}. */
export function parseForeignJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0)
    throw new ReviewError('empty', 'received an empty body: expected an AdmissionReview');
  if (bytes.length > MAX_REVIEW_BYTES) {
    throw new ReviewError('too-large', `expected at most ${MAX_REVIEW_BYTES} bytes, got ${bytes.length}`);
  }
  if (!isUtf8(bytes)) throw new ReviewError('not-utf8', 'received invalid json: expected valid UTF-8');
  assertModest(bytes);
  // toString keeps a byte order mark, which JSON.parse then refuses: RFC 8259 section 8.1 says senders must not add one.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's message quotes the body, which may hold secrets of a pod: it stays in `cause`.
    throw new ReviewError('not-json', 'received invalid json: expected one AdmissionReview object', {
      cause,
    });
  }
}

/** True for a JSON object; arrays and null are none. */
export function isForeignObject(value: unknown): value is ForeignObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One pass over the bytes before they are parsed. V8's parser does not recurse, but 3 MiB of brackets keep it busy for
 * half a second, ten times longer than 3 MiB of anything flat; and what is never deep cannot overflow a later walker.
 * Malformed text may pass or fail here; JSON.parse has the last word on it.
 */
function assertModest(bytes: Uint8Array): void {
  const end = bytes.length;
  let depth = 0;
  let values = 1;
  for (let index = 0; index < end; index++) {
    let byte = bytes[index] ?? 0;
    if (byte === QUOTE) {
      while (++index < end && (byte = bytes[index] ?? 0) !== QUOTE) if (byte === BACKSLASH) index++;
    } else if (byte > UPPER_Z) {
      const bracket = byte | CURLY;
      if (bracket === OPEN) {
        values++;
        if (++depth > MAX_DEPTH) throw tooDeep();
      } else if (bracket === CLOSE) depth--;
    } else if (byte === COMMA) values++;
  }
  if (values > MAX_VALUES) {
    throw new ReviewError('too-many-values', `expected at most ${MAX_VALUES} values, got about ${values}`);
  }
}

function tooDeep(): ReviewError {
  return new ReviewError('too-deep', `expected at most ${MAX_DEPTH} levels of JSON`);
}

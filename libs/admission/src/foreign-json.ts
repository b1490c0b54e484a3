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
const COLON = 0x3a;
const UPPER_Z = 0x5a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
/** `[` and `{`, `]` and `}` differ in this bit only. */
const CURLY = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Who owns which field: the API server's own notes, half of many reviews. No image is below it, and nobody reads it. */
const UNREAD = Buffer.from('managedFields');

/**
 * Bytes to JSON value, bounded in size, depth and number of values; throws {@link ReviewError}. Lists of managed fields
 * come out empty: parsing them would cost as much as all the rest.
 */
export function parseForeignJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0)
    throw new ReviewError('empty', 'received an empty body: expected an AdmissionReview');
  if (bytes.length > MAX_REVIEW_BYTES) {
    throw new ReviewError('too-large', `expected at most ${MAX_REVIEW_BYTES} bytes, got ${bytes.length}`);
  }
  if (!isUtf8(bytes)) throw new ReviewError('not-utf8', 'received invalid json: expected valid UTF-8');
  const text = textWithout(bytes, scan(bytes));
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

/** Where a list is, brackets included. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text with each of these lists emptied. */
function textWithout(bytes: Uint8Array, unread: readonly Span[]): string {
  // toString keeps a byte order mark, which JSON.parse then refuses: RFC 8259 section 8.1 says senders must not add one.
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  let from = 0;
  for (const { start, end } of unread) {
    text += `${all.toString('utf8', from, start)}[]`;
    from = end;
  }
  return text + all.toString('utf8', from);
}

/**
 * One pass over the bytes before they are parsed. V8's parser does not recurse, but 3 MiB of brackets keep it busy for
 * half a second, ten times longer than 3 MiB of anything flat; and what is never deep cannot overflow a later walker.
 * Malformed text may pass or fail here; JSON.parse has the last word on all of it but the lists that nobody reads, which
 * the pass finds on its way: strings are told from brackets exactly, so no text in one can end it.
 */
function scan(bytes: Uint8Array): readonly Span[] {
  const end = bytes.length;
  const unread: Span[] = [];
  let depth = 0;
  let values = 1;
  let start = -1;
  let outside = 0;
  for (let index = 0; index < end; index++) {
    let byte = bytes[index] ?? 0;
    if (byte === QUOTE) {
      const quote = index;
      while (++index < end && (byte = bytes[index] ?? 0) !== QUOTE) if (byte === BACKSLASH) index++;
      if (index - quote === UNREAD.length + 1 && start < 0 && namesUnread(bytes, quote)) {
        start = index + 2;
        outside = depth;
      }
    } else if (byte > UPPER_Z) {
      const bracket = byte | CURLY;
      if (bracket === OPEN) {
        values++;
        if (++depth > MAX_DEPTH) throw tooDeep();
      } else if (bracket === CLOSE) {
        if (--depth === outside && start >= 0) {
          if (byte === CLOSE_ARRAY) unread.push({ start, end: index + 1 });
          start = -1;
        }
      }
    } else if (byte === COMMA) values++;
  }
  if (values > MAX_VALUES) {
    throw new ReviewError('too-many-values', `expected at most ${MAX_VALUES} values, got about ${values}`);
  }
  return unread;
}

/** True where `"managedFields":[` begins, in the API server's compact form; in another form it is parsed like the rest. */
function namesUnread(bytes: Uint8Array, quote: number): boolean {
  const after = quote + UNREAD.length + 2;
  if (bytes[after] !== COLON || bytes[after + 1] !== OPEN_ARRAY) return false;
  return UNREAD.every((byte, index) => bytes[quote + 1 + index] === byte);
}

function tooDeep(): ReviewError {
  return new ReviewError('too-deep', `expected at most ${MAX_DEPTH} levels of JSON`);
}

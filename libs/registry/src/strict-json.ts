import { REGISTRY_LIMITS } from './limits.js';

/** The bytes are not one JSON document that every reader understands in the same way. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly fault: 'not-utf-8' | 'not-json' | 'duplicate-key' | 'too-deep' | 'too-many-values';

  constructor(fault: StrictJsonError['fault']) {
    super(`expected one unambiguous JSON document, got one that is ${fault}`);
    this.fault = fault;
  }
}

/** Bytes to JSON value; refuses duplicate keys, invalid UTF-8, a byte order mark, and documents beyond the bounds. */
export function parseStrictJson(
  bytes: Uint8Array,
  maxValues: number = REGISTRY_LIMITS.jsonValuesCount,
): unknown {
  const text = decodeUtf8(bytes);
  assertUnambiguous(text, maxValues);
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the document, so it is not kept.
    throw new StrictJsonError('not-json');
  }
}

/** True for what JSON calls an object. Read its members with {@link member} only. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member of a JSON object; never something that the object inherits. */
export function member(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new StrictJsonError('not-utf-8');
  }
}

/**
 * Walks over the tokens once, without recursion. It need not know the grammar: what it misreads JSON.parse refuses, and
 * in what JSON.parse accepts a string followed by a colon is a key.
 */
function assertUnambiguous(text: string, maxValues: number): void {
  /** One set of keys for each open object, `undefined` for each open array. */
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) addKey(open.at(-1), text.slice(at, end));
      at = end - 1;
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > REGISTRY_LIMITS.jsonDepth) throw new StrictJsonError('too-deep');
    } else if (character === '}' || character === ']') open.pop();
    else if (character === ',') {
      values += 1;
      if (values > maxValues) throw new StrictJsonError('too-many-values');
    }
  }
}

/** The place after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new StrictJsonError('not-json');
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return text[at] === ':';
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  const key = unescapeKey(literal);
  if (keys?.has(key) === true) throw new StrictJsonError('duplicate-key');
  keys?.add(key);
}

function unescapeKey(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    throw new StrictJsonError('not-json');
  }
}

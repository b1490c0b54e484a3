import { isJsonObject, parseStrictJson, StrictJsonError } from '#registry';
import { decodeBase64, decodeHex } from '#trust';

import { MalformedSignatureError } from './error.js';

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * An object of a foreign JSON document. Every reader names what it wants and throws {@link MalformedSignatureError} for
 * anything else; a document in which a name stands twice in one object is refused, because other readers would take the
 * other value.
 */
export class JsonObject {
  readonly #members: ReadonlyMap<string, unknown>;

  private constructor(value: object) {
    // A map: `__proto__` and `constructor` are names like any other.
    this.#members = new Map<string, unknown>(Object.entries(value));
  }

  /** The bytes as one JSON object in UTF-8, bounded in depth. */
  static parse(bytes: Uint8Array): JsonObject {
    return JsonObject.#from(parse(bytes), 'the document');
  }

  static #from(value: unknown, name: string): JsonObject {
    if (!isJsonObject(value)) throw unexpected(name, 'an object');
    return new JsonObject(value);
  }

  /** Refuses names beyond these, so that nothing that was signed goes unread. */
  only(...names: readonly string[]): this {
    if (![...this.#members.keys()].every((name) => names.includes(name))) {
      throw new MalformedSignatureError(`expected no members but ${names.join(', ')}`);
    }
    return this;
  }

  has(name: string): boolean {
    return this.#members.get(name) !== undefined && this.#members.get(name) !== null;
  }

  object(name: string): JsonObject {
    return JsonObject.#from(this.#members.get(name), name);
  }

  objects(name: string, max: number): readonly JsonObject[] {
    return this.#list(name, max).map((item) => JsonObject.#from(item, name));
  }

  string(name: string): string {
    return asString(this.#members.get(name), name);
  }

  strings(name: string, max: number): readonly string[] {
    return this.#list(name, max).map((item) => asString(item, name));
  }

  /** A whole number from 0 to 2^53 - 1. */
  integer(name: string): number {
    const value = this.#members.get(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw unexpected(name, 'a whole number');
    return value;
  }

  /** The same as ProtoJSON writes an int64: decimal digits in a string; absent means 0. */
  int64(name: string): number {
    if (!this.has(name)) return 0;
    const text = this.string(name);
    const value = Number(text);
    if (!DECIMAL.test(text) || !Number.isSafeInteger(value)) throw unexpected(name, 'decimal digits');
    return value;
  }

  base64(name: string): Uint8Array {
    return decodeBase64(this.string(name));
  }

  hex(name: string): Uint8Array {
    return decodeHex(this.string(name));
  }

  /** A list of at most `max` items; absent means empty, as in ProtoJSON. */
  #list(name: string, max: number): readonly unknown[] {
    if (!this.has(name)) return [];
    const value = this.#members.get(name);
    if (!Array.isArray(value) || value.length > max) throw unexpected(name, `a list of at most ${max}`);
    return value;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    throw new MalformedSignatureError('expected one unambiguous JSON document', { cause });
  }
}

function asString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw unexpected(name, 'a string');
  return value;
}

function unexpected(name: string, expected: string): MalformedSignatureError {
  return new MalformedSignatureError(`expected ${name} to be ${expected}`);
}

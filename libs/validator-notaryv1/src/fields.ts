import { isJsonObject, member } from '#registry';

import { malformed } from './error.js';
import { NOTARY_LIMITS } from './limits.js';

/** The members of a JSON object that we read. Go's reader ignores case, so a second spelling of a name is refused. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #what: string;

  /** `what` is for messages, in our own words. `known` are the names that are read. */
  constructor(value: unknown, what: string, known: readonly string[]) {
    if (!isJsonObject(value)) throw malformed(`expected ${what} to be an object`);
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      if (known.includes(asciiLower(key)) || known.includes(foldedLower(key))) {
        throw malformed(`expected each name of ${what} in one spelling`);
      }
    }
    this.#object = value;
    this.#what = what;
  }

  /** `undefined` where it is absent. */
  any(key: string): unknown {
    return member(this.#object, key);
  }

  text(key: string, maxCharacters: number): string {
    const value = this.any(key);
    if (typeof value !== 'string' || value.length > maxCharacters) throw this.#wrong(key, 'a text');
    return value;
  }

  integer(key: string, min: number, max: number): number {
    const value = this.any(key);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw this.#wrong(key, `a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** `null` and an absent member are the empty list, as Go writes it. */
  list(key: string, maxCount: number): readonly unknown[] {
    const value = this.any(key) ?? [];
    if (!Array.isArray(value) || value.length > maxCount) {
      throw this.#wrong(key, `a list of at most ${maxCount}`);
    }
    return value as readonly unknown[];
  }

  texts(key: string, maxCount: number, maxCharacters: number): readonly string[] {
    return this.list(key, maxCount).map((value) => {
      if (typeof value !== 'string' || value.length > maxCharacters) throw this.#wrong(key, 'texts');
      return value;
    });
  }

  /** A JSON object whose names somebody else chose; `null` and absent are empty. */
  object(key: string): Readonly<Record<string, unknown>> {
    const value = this.any(key) ?? {};
    if (!isJsonObject(value)) throw this.#wrong(key, 'an object');
    return value;
  }

  version(): number {
    return this.integer('version', 1, NOTARY_LIMITS.versionMax);
  }

  #wrong(key: string, expected: string): Error {
    return malformed(`expected ${key} of ${this.#what} to be ${expected}`);
  }
}

function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Go folds U+212A and U+017F to k and s. */
function foldedLower(text: string): string {
  return asciiLower(text).replaceAll('\u212a', 'k').replaceAll('\u017f', 's');
}

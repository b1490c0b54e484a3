import { inspect } from 'node:util';

/** A value that prints as `***` wherever it lands: template, JSON, log, inspector. `reveal()` is the one way out. */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

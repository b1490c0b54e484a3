import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** A user name and a password that print as `***`; {@link authorization} is the one way out. */
export class Credential {
  /** Tells credentials apart; made of the user name and where it applies, never of the password. */
  readonly id: string;
  readonly #username: string;
  readonly #password: string;

  constructor({ scope, username, password }: { scope: string; username: string; password: string }) {
    this.id = createHash('sha256')
      .update(JSON.stringify([scope, username]))
      .digest('hex')
      .slice(0, 32);
    this.#username = username;
    this.#password = password;
  }

  /** Value of an `Authorization` header; RFC 7617. */
  authorization(): string {
    return `Basic ${Buffer.from(`${this.#username}:${this.#password}`, 'utf8').toString('base64')}`;
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

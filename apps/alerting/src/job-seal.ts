import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a seal covers. */
export interface SealedFields {
  readonly receiver: string;
  readonly eventId: string;
  readonly alertId: string;
  readonly record: string;
}

/**
 * Marks jobs as ours, so that somebody who can write to Redis cannot send alerts (A17). The first key seals, every key
 * proves: keys can be exchanged while jobs wait. Without keys nothing is sealed and nothing is asked for.
 */
export class JobSeal {
  readonly #keys: readonly Uint8Array[];

  constructor(keys: readonly Uint8Array[]) {
    const short = keys.find((key) => key.length < 32);
    if (short !== undefined) throw new TypeError(`expected keys of at least 32 bytes, got ${short.length}`);
    this.#keys = keys;
  }

  seal(fields: SealedFields): string | undefined {
    const [key] = this.#keys;
    return key === undefined ? undefined : macOf(key, fields).toString('base64url');
  }

  isGenuine(fields: SealedFields, mac: string | undefined): boolean {
    if (this.#keys.length === 0) return true;
    const given = Buffer.from(mac ?? '', 'base64url');
    return this.#keys
      .map((key) => macOf(key, fields))
      .some((own) => own.length === given.length && timingSafeEqual(own, given));
  }
}

/** JSON keeps the fields apart, whatever stands in them. */
function macOf(key: Uint8Array, { receiver, eventId, alertId, record }: SealedFields): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(['alert', 1, receiver, eventId, alertId, record]))
    .digest();
}

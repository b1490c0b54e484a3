import { hash } from 'node:crypto';

import { malformed } from './error.js';
import type { Fields } from './fields.js';
import { parseRoleKey, type RoleKey } from './key.js';
import { NOTARY_LIMITS } from './limits.js';

const KEY_ID = /^[0-9a-f]{64}$/;

/** The `keys` of a root or of delegations: parsed when a signature names them, once. */
export class KeyRing {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #parsed = new Map<string, RoleKey | undefined>();

  /** Throws TrustDataError for more keys than are read. */
  constructor(values: Readonly<Record<string, unknown>>) {
    if (Object.keys(values).length > NOTARY_LIMITS.keysCount) {
      throw malformed(`expected at most ${NOTARY_LIMITS.keysCount} keys`);
    }
    this.#values = values;
  }

  has(id: string): boolean {
    return Object.hasOwn(this.#values, id);
  }

  get(id: string): RoleKey | undefined {
    if (!this.has(id)) return undefined;
    if (!this.#parsed.has(id)) this.#parsed.set(id, parseRoleKey(id, this.#values[id]));
    return this.#parsed.get(id);
  }
}

/** Who may sign for a role, and how many of them must. */
export class RoleKeys {
  readonly threshold: number;
  readonly #ids: ReadonlySet<string>;
  readonly #ring: KeyRing;
  /** Equal for equal keys and threshold: versions of a role are compared only while this stays. */
  readonly fingerprint: string;

  /** Reads `keyids` and `threshold`; every id must be one of the ring's. */
  constructor(fields: Fields, ring: KeyRing) {
    this.threshold = fields.integer('threshold', 1, NOTARY_LIMITS.thresholdMax);
    const ids = fields.texts('keyids', NOTARY_LIMITS.keyIdsCount, 64);
    if (ids.length === 0 || !ids.every((id) => KEY_ID.test(id) && ring.has(id))) {
      throw malformed('expected a role to name keys that are there');
    }
    this.#ids = new Set(ids);
    this.#ring = ring;
    const text = JSON.stringify([this.threshold, ...[...this.#ids].toSorted()]);
    this.fingerprint = hash('sha256', text, 'hex').slice(0, 32);
  }

  /** The key of this id if it is one of this role's, is what it says, and has that id. */
  get(id: string): RoleKey | undefined {
    return this.#ids.has(id) ? this.#ring.get(id) : undefined;
  }
}

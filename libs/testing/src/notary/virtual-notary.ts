import { NotaryKey } from './notary-key.js';
import { type CollectionKeys, VirtualCollection } from './virtual-collection.js';

/** Keys of a publisher and a server, made once: what a test file shares between its rows. */
export interface NotaryKeys {
  /** The root key without a certificate; each collection certifies it for itself. */
  readonly root: NotaryKey;
  readonly timestamp: NotaryKey;
  readonly snapshot: NotaryKey;
  readonly targets: NotaryKey;
}

/** A notary server's files in memory, and collections that publish to it. */
export class VirtualNotary {
  /** By `collection/name`, as served. */
  readonly files = new Map<string, Uint8Array>();
  readonly keys: NotaryKeys;
  readonly #now: () => number;

  constructor(keys: NotaryKeys = virtualNotaryKeys(), now: () => number = Date.now) {
    this.keys = keys;
    this.#now = now;
  }

  /** A new collection with this notary's keys, the root key certified for its name; nothing is published yet. */
  async collection(name: string, keys: Partial<CollectionKeys> = {}): Promise<VirtualCollection> {
    const root = keys.root ?? (await this.keys.root.certified(name));
    return new VirtualCollection(name, { ...this.keys, ...keys, root }, this.files, this.#now);
  }
}

/** ECDSA for the publisher, Ed25519 for the server: as notary without a signer has it. */
export function virtualNotaryKeys(): NotaryKeys {
  return {
    root: NotaryKey.ecdsa(),
    targets: NotaryKey.ecdsa(),
    snapshot: NotaryKey.ed25519(),
    timestamp: NotaryKey.ed25519(),
  };
}

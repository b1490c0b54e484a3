import type { CollectionFiles } from './collection-files.js';
import { NOTARY_LIMITS } from './limits.js';
import type { TrustData } from './trust-store.js';
import type { RoleVersion } from './version-floor.js';

/** Trust data that were proven, with the files that they came from. */
export interface Kept {
  readonly data: TrustData;
  readonly files: CollectionFiles;
  /** Of every role, as the floor counts them. */
  readonly versions: readonly RoleVersion[];
  /** By the clock that never goes back, when the look began. */
  readonly checkedAt: number;
  /** Of the floor at that time. */
  readonly epoch: number;
}

/** Trust data by collection, bounded in count and bytes: the one unused for longest makes room. */
export class KeptCollections {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  get(collection: string): Kept | undefined {
    const kept = this.#kept.get(collection);
    if (kept === undefined) return undefined;
    this.#kept.delete(collection);
    this.#kept.set(collection, kept);
    return kept;
  }

  put(collection: string, kept: Kept): void {
    this.#drop(collection);
    this.#kept.set(collection, kept);
    this.#bytes += kept.files.byteLength;
    while (this.#kept.size > 1 && this.#isTooMuch()) this.#drop(this.#kept.keys().next().value);
  }

  #isTooMuch(): boolean {
    return this.#kept.size > NOTARY_LIMITS.collectionsCount || this.#bytes > NOTARY_LIMITS.keptBytes;
  }

  #drop(collection: string | undefined): void {
    const kept = collection === undefined ? undefined : this.#kept.get(collection);
    if (collection === undefined || kept === undefined) return;
    this.#bytes -= kept.files.byteLength;
    this.#kept.delete(collection);
  }
}

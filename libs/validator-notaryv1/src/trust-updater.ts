import { createHash } from 'node:crypto';

import { RegistryError } from '#registry';

import { CollectionFiles, MovedError } from './collection-files.js';
import { TrustDataError } from './error.js';
import type { FileSource } from './file-source.js';
import { Flights } from './flights.js';
import { floorName, type FloorStore } from './floor-store.js';
import { gather, type Wanted } from './gather.js';
import { KeptCollections } from './kept-collections.js';
import { NOTARY_LIMITS } from './limits.js';
import { parseRoot, type Root } from './metadata.js';
import type { NotaryObserver } from './notary-event.js';
import type { Pin } from './pins.js';
import type { TargetsRole } from './role-name.js';
import { RootChain } from './root-chain.js';
import { endOfLife } from './timestamp-age.js';
import {
  assertStillAlive,
  type Generation,
  type TrustData,
  verifyGeneration,
  withAgeLimit,
} from './trust-store.js';
import { assertNotBelow, firstSeen, raised, type RoleVersion } from './version-floor.js';

export interface TrustUpdaterOptions {
  readonly source: FileSource;
  readonly floors: FloorStore;
  readonly pins: readonly [Pin, ...Pin[]];
  readonly bindsCollection: boolean;
  /** The delegations to read; without any, `targets/releases`. */
  readonly roles: readonly TargetsRole[];
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
  readonly observe: NotaryObserver;
  /** Trust data that were looked at less than this ago are not looked at again. */
  readonly freshMs: number;
  /** How long after it was first seen a version of the timestamp still serves. Default: until it expires. */
  readonly maxTimestampAgeSeconds: number | undefined;
}

/** Keeps the trust data of collections current: fetches what changed, lets the store decide, and never goes back. */
export class TrustUpdater {
  readonly #options: TrustUpdaterOptions;
  readonly #flights: Flights<TrustData>;
  readonly #kept = new KeptCollections();
  readonly #roles: readonly TargetsRole[];
  /** Another set of pinned keys counts root versions for itself. */
  readonly #pinned: string;

  constructor(options: TrustUpdaterOptions) {
    this.#options = options;
    this.#flights = new Flights(options.clock);
    this.#roles = options.roles.length > 0 ? options.roles : ['targets/releases'];
    const fingerprints = options.pins.map(({ key }) => key.fingerprint).toSorted();
    this.#pinned = createHash('sha256').update(JSON.stringify(fingerprints)).digest('hex').slice(0, 32);
  }

  /** Where the files come from, for people. */
  get server(): string {
    return this.#options.source.server;
  }

  /** The trust data of a collection as they are now. Throws TrustDataError or RegistryError. */
  async trustData(collection: string, now: number, signal: AbortSignal): Promise<TrustData> {
    const kept = this.#kept.get(collection);
    const isFresh = kept !== undefined && this.#options.clock() - kept.checkedAt < this.#options.freshMs;
    const data = isFresh
      ? kept.data
      : await this.#flights.join(collection, (own) => this.#refresh(collection, now, own), signal);
    assertStillAlive(data, now);
    return data;
  }

  async #refresh(collection: string, now: number, signal: AbortSignal): Promise<TrustData> {
    const { source, observe } = this.#options;
    try {
      const data = await this.#look(collection, now, signal);
      observe({ kind: 'answered', server: source.server });
      return data;
    } catch (error) {
      if (error instanceof RegistryError)
        observe({ kind: 'failed', server: source.server, reason: error.reason });
      if (error instanceof TrustDataError) observe({ kind: 'answered', server: source.server });
      if (!(error instanceof TrustDataError) || error.fault !== 'rollback') throw error;
      observe({ kind: 'rollback', server: source.server, collection, message: error.message });
      return this.#atHand(collection, now, error);
    }
  }

  /** What was proven before serves until it expires or others have seen newer; after that nobody can say anything. */
  #atHand(collection: string, now: number, error: TrustDataError): TrustData {
    const { floors, source } = this.#options;
    const kept = this.#kept.get(collection);
    const isAlive = kept !== undefined && kept.data.base.every((state) => endOfLife(state) >= now);
    if (!isAlive) throw error;
    assertNotBelow(kept.versions, floors.known(floorName(source.server, collection)));
    return kept.data;
  }

  async #look(collection: string, now: number, signal: AbortSignal): Promise<TrustData> {
    const { floors, source, clock, observe, pins, bindsCollection } = this.#options;
    const checkedAt = clock();
    const name = floorName(source.server, collection);
    const known = this.#kept.get(collection);
    const [floor, { generation, files }] = await Promise.all([
      floors.read(name, signal),
      this.#gather(collection, { roles: this.#roles, now }, known?.files, signal),
    ]);
    const isReset = known !== undefined && known.epoch < floor.epoch;
    if (isReset) observe({ kind: 'reset', server: source.server, collection });
    const before = isReset ? undefined : known?.data.generation.root;
    const chain = new RootChain({ collection, pins, bindsCollection }, generation.root, before);
    const root = await walk(chain, files, now, signal);
    const proven = verifyGeneration(collection, { ...generation, root }, now);
    const versions: RoleVersion[] = [
      { role: 'root', version: root.version, keys: this.#pinned },
      ...proven.versions,
    ];
    assertNotBelow(versions, floor);
    await floors.raise(name, raised(floor, versions), signal);
    // Once more: a later look may have overtaken this one and seen newer trust data.
    if (floors.known(name).epoch === floor.epoch) assertNotBelow(versions, floors.known(name));
    const data = this.#aged(proven, name, now);
    this.#kept.put(collection, { data, files, versions, checkedAt, epoch: floor.epoch });
    return data;
  }

  /** Of all processes, the one that saw this timestamp first counts. */
  #aged(data: TrustData, name: string, now: number): TrustData {
    const { maxTimestampAgeSeconds: maxSeconds, floors } = this.#options;
    const timestamp = data.versions.find(({ role }) => role === 'timestamp');
    if (maxSeconds === undefined || timestamp === undefined) return data;
    // Nobody knows it where an operator's reset came in between: then it counts from now.
    const since = firstSeen(timestamp, floors.known(name)) ?? now;
    return withAgeLimit(data, { since, maxSeconds });
  }

  /** Once more where the publisher was at work while we gathered: files of two generations are never mixed. */
  async #gather(
    collection: string,
    wanted: Wanted,
    before: CollectionFiles | undefined,
    signal: AbortSignal,
  ): Promise<{ generation: Generation; files: CollectionFiles }> {
    const attempt = async (isFirst: boolean): Promise<{ generation: Generation; files: CollectionFiles }> => {
      const files = new CollectionFiles(this.#options.source, collection, before);
      return { generation: await gather(files, wanted, isFirst, signal), files };
    };
    try {
      return await attempt(before === undefined);
    } catch (error) {
      if (error instanceof MovedError) return await attempt(false);
      throw error;
    }
  }
}

/** Fetches root versions as far as the chain asks for them. */
async function walk(
  chain: RootChain,
  files: CollectionFiles,
  now: number,
  signal: AbortSignal,
): Promise<Root> {
  for (let version = chain.missing; version !== undefined; version = chain.missing) {
    chain.add(await files.versionedRoot(version, (envelope) => parseRoot(envelope, now), signal));
  }
  return chain.verified(now);
}

export const DEFAULT_FRESH_MS = NOTARY_LIMITS.freshMs;

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_KEYS as KEYS,
  NOTARY_NOW as NOW,
  notaryDigest,
  NotaryKey,
  NotaryWorld,
  type NotaryWorldOptions,
  type VirtualCollection,
} from '#testing';

import { FileSource } from './file-source.js';
import { floorName, FloorStore, resetFloor, type SharedMemory } from './floor-store.js';
import { formatFloor, maxFloor, NO_FLOOR, parseFloor, raised } from './version-floor.js';

const A = notaryDigest('a');
const B = notaryDigest('b');
const OTHER = NotaryKey.ed25519();
const NAME = floorName('https://notary.test', COLLECTION);

/** Memory that processes share, as Redis would be. */
class Memory implements SharedMemory {
  readonly texts = new Map<string, string>();

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(name));
  }

  write(name: string, text: string): Promise<void> {
    this.texts.set(name, text);
    return Promise.resolve();
  }
}

/** A server whose answers wait on demand. */
class SlowSource extends FileSource {
  override readonly server = 'https://notary.test';
  #files: ReadonlyMap<string, Uint8Array> = new Map();
  #gate: Promise<void> | undefined;
  #held = 0;

  over(files: ReadonlyMap<string, Uint8Array>): this {
    this.#files = files;
    return this;
  }

  /** The next four files are answered as they are now, once that is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#held = 4;
    return resolve;
  }

  override async file(collection: string, name: string): Promise<Uint8Array | undefined> {
    const bytes = this.#files.get(`${collection}/${name}`);
    this.#held -= 1;
    if (this.#held >= 0) await this.#gate;
    return bytes;
  }
}

type Limits = Pick<NotaryWorldOptions, 'maxTimestampAgeSeconds'>;

interface Scene {
  readonly world: NotaryWorld;
  readonly collection: VirtualCollection;
  /** The files of the first publication, in which v1 is A. */
  readonly old: ReadonlyMap<string, Uint8Array>;
}

/** A was published, then B; the world has seen both. */
async function scene(memory?: SharedMemory, limits: Limits = {}): Promise<Scene> {
  const world = new NotaryWorld({ floors: new FloorStore(memory), ...limits });
  const collection = await world.notary.collection(COLLECTION);
  collection.add('v1', A).publish();
  const old = filesOf(world);
  expect(await world.verdict()).toBe(A);
  collection.add('v1', B).publish();
  expect(await world.verdict()).toBe(B);
  return { world, collection, old };
}

function filesOf({ notary }: NotaryWorld): Map<string, Uint8Array> {
  return new Map([...notary.files].map(([name, bytes]) => [name.slice(COLLECTION.length + 1), bytes]));
}

/** Another process, with the same server and the same shared memory. */
function another({ world }: Scene, memory?: SharedMemory, limits: Limits = {}): NotaryWorld {
  const other = new NotaryWorld({ floors: new FloorStore(memory), ...limits });
  for (const [name, bytes] of world.notary.files) other.notary.files.set(name, bytes);
  return other;
}

describe('T02: trust data of an earlier day', () => {
  test('are not used: those at hand serve, and it is told', async () => {
    const { world, collection, old } = await scene();
    collection.serve(old);
    expect(await world.verdict()).toBe(B);
    expect(world.events).toContainEqual(
      expect.objectContaining({ kind: 'rollback', collection: COLLECTION }),
    );
  });

  test('are undecided once those at hand have expired', async () => {
    const { world, collection, old } = await scene();
    collection.serve(old);
    expect(await world.verdict({ now: NOW + 13 * 86_400_000 })).toBe(B);
    expect(await world.verdict({ now: NOW + 15 * 86_400_000 })).toBe('CNS-1007');
  });

  test('that are alive while nothing is at hand are undecided', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    first.collection.serve(first.old);
    expect(await another(first, memory).verdict()).toBe('CNS-2007');
  });

  test('are what a process believes that nobody told of later ones', async () => {
    const first = await scene();
    first.collection.serve(first.old);
    expect(await another(first).verdict()).toBe(A);
  });

  test('are refused by rules that pin the same key and by a validator that comes later', async () => {
    const floors = new FloorStore();
    const world = new NotaryWorld({ floors });
    const collection = await world.notary.collection(COLLECTION);
    collection.add('v1', A).publish();
    const old = filesOf(world);
    collection.add('v1', B).publish();
    expect(await world.verdict()).toBe(B);
    collection.serve(old);
    const next = new NotaryWorld({ floors });
    for (const [name, bytes] of world.notary.files) next.notary.files.set(name, bytes);
    expect(await next.verdict()).toBe('CNS-2007');
  });
});

describe('T02: versions that others have seen', () => {
  test('those at hand are below them and serve no more', async () => {
    const memory = new Memory();
    const world = new NotaryWorld({ floors: new FloorStore(memory) });
    const collection = await world.notary.collection(COLLECTION);
    collection.add('v1', A).publish();
    const old = filesOf(world);
    expect(await world.verdict()).toBe(A);
    collection.add('v1', B).publish();
    expect(await another({ world, collection, old }, memory).verdict()).toBe(B);
    collection.serve(old);
    expect(await world.verdict()).toBe('CNS-2007');
  });

  test('a slow answer of an earlier day puts nothing back', async () => {
    const [source, at] = [new SlowSource(), { now: 0 }];
    const world = new NotaryWorld({ source: (files) => source.over(files), clock: () => at.now });
    const collection = await world.notary.collection(COLLECTION);
    collection.add('v1', A).publish();
    const old = filesOf(world);
    const release = source.hold();
    const slow = world.verdict();
    collection.add('v1', B).publish();
    at.now += 10_000;
    expect(await world.verdict()).toBe(B);
    release();
    expect(await slow).toBe(B);
    collection.serve(old);
    expect(await world.verdict()).toBe(B);
  });

  test('a reset that happens while a look raises them stays', async () => {
    const memory = new Memory();
    const floors = new FloorStore(memory);
    const signal = AbortSignal.timeout(1_000);
    const seen = raised(await floors.read(NAME, signal), [{ role: 'targets', version: 7, keys: 'k' }]);
    memory.texts.set(NAME, resetFloor(NOW));
    await floors.raise(NAME, seen, signal);
    expect(parseFloor(memory.texts.get(NAME) ?? '')?.epoch).toBe(NOW);
  });
});

describe('T02: a delegation that has signed', () => {
  const withReleases = async (): Promise<{ world: NotaryWorld; collection: VirtualCollection }> => {
    const world = new NotaryWorld();
    const collection = await world.notary.collection(COLLECTION);
    collection.add('v1', A);
    collection.delegate('targets/releases', [OTHER]).add('v1', B, 'targets/releases').publish();
    expect(await world.verdict()).toBe(B);
    return { world, collection };
  };

  test('does not vanish from the snapshot', async () => {
    const { world, collection } = await withReleases();
    collection.silent.add('targets/releases');
    collection.publish();
    expect(await world.verdict()).toBe(B);
    expect(world.events).toContainEqual(expect.objectContaining({ kind: 'rollback' }));
  });

  test('vanishes when targets delegates no more', async () => {
    const { world, collection } = await withReleases();
    collection.delegations.delete('targets/releases');
    collection.publish();
    expect(await world.verdict()).toBe(A);
  });

  test('begins anew with other keys', async () => {
    const { world, collection } = await withReleases();
    collection.delegate('targets/releases', [NotaryKey.ed25519()]).silent.add('targets/releases');
    collection.publish();
    expect(await world.verdict()).toBe(A);
  });
});

describe('the shared memory', () => {
  test('that was emptied is written again by who remembers', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    memory.texts.clear();
    expect(await first.world.verdict()).toBe(B);
    first.collection.serve(first.old);
    expect(await another(first, memory).verdict()).toBe('CNS-2007');
  });

  test('that was set back does not lower what a process remembers', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    memory.texts.set(NAME, formatFloor(NO_FLOOR));
    first.collection.serve(first.old);
    expect(await first.world.verdict()).toBe(B);
  });

  test.for([
    '',
    '{',
    'null',
    '{"epoch":-1,"roles":[]}',
    '{"epoch":0,"roles":[["a","b"]]}',
    '{"epoch":0,"roles":[["a",1,-1]]}',
    '{"epoch":0}',
  ])('with %j in it is empty', async (text) => {
    expect(parseFloor(text)).toBeUndefined();
    const memory = new Memory();
    memory.texts.set(NAME, text);
    await scene(memory);
  });
});

describe('a reset by an operator', () => {
  test('lets older trust data in, in every process that sees it', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    first.collection.serve(first.old);
    const second = another(first, memory);
    expect(await second.verdict()).toBe('CNS-2007');
    memory.texts.set(NAME, resetFloor(NOW));
    expect(await second.verdict()).toBe(A);
    expect(await first.world.verdict()).toBe(A);
    expect(first.world.events).toContainEqual(expect.objectContaining({ kind: 'reset' }));
  });

  test('counts anew: what was seen after it is a floor again', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    memory.texts.set(NAME, resetFloor(NOW));
    expect(await first.world.verdict()).toBe(B);
    first.collection.serve(first.old);
    expect(await another(first, memory).verdict()).toBe('CNS-2007');
  });

  test('that is older than another changes nothing', () => {
    const late = raised({ ...NO_FLOOR, epoch: 2 }, [{ role: 'root', version: 4, keys: 'k' }]);
    expect(maxFloor(late, { ...NO_FLOOR, epoch: 1 })).toEqual(late);
  });
});

describe('T30: versions that were driven up', () => {
  test.for(['timestamp', 'snapshot', 'targets'] as const)(
    'by the key of %s recover with a new key',
    async (role) => {
      const world = new NotaryWorld();
      const collection = await world.notary.collection(COLLECTION);
      collection.add('v1', A).publish({ role, version: 2 ** 31 - 1 });
      expect(await world.verdict()).toBe(A);
      collection.versions.set(role, 1);
      collection.add('v1', B).publish();
      expect(await world.verdict()).toBe(A);
      collection.roles[role].keys = [OTHER];
      collection.publish();
      expect(await world.verdict()).toBe(B);
    },
  );

  test('of the root do not, whatever key signs', async () => {
    const world = new NotaryWorld();
    const collection = await world.notary.collection(COLLECTION);
    collection.add('v1', A).publish();
    collection.roles.snapshot.keys = [OTHER];
    collection.publish();
    expect(await world.verdict()).toBe(A);
    const again = await world.notary.collection(COLLECTION);
    again.add('v1', B).publish();
    expect(await world.verdict()).toBe(A);
    expect(world.events).toContainEqual(expect.objectContaining({ kind: 'rollback' }));
  });
});

describe('T03: a timestamp that is held back', () => {
  test('serves until it expires, and not a second longer', async () => {
    const { world } = await scene();
    const end = NOW + 14 * 86_400_000;
    expect(await world.verdict({ now: end })).toBe(B);
    expect(await world.verdict({ now: end + 1000 })).toBe('CNS-1007');
    expect((await world.ask()).notAfter).toBe(end);
  });
});

describe('T03: a timestamp whose age is limited', () => {
  const DAY = 86_400_000;
  const LIMITS = { maxTimestampAgeSeconds: 86_400 };

  test('serves that long after it was first seen, and not a millisecond longer', async () => {
    const { world } = await scene(undefined, LIMITS);
    expect((await world.ask()).notAfter).toBe(NOW + DAY);
    expect(await world.verdict({ now: NOW + DAY })).toBe(B);
    expect(await world.verdict({ now: NOW + DAY + 1 })).toBe('CNS-1007');
  });

  test('says which version, since when and by which option', async () => {
    const { world } = await scene(undefined, LIMITS);
    const error: unknown = await world.ask({ now: NOW + DAY + 1 }).catch((cause: unknown) => cause);
    expect(String(error)).toMatch(
      /timestamp version 2 .* 2026-11-21T06:00:00\.000Z.* maxTimestampAgeSeconds/,
    );
    expect(world.trace.steps).toContainEqual(expect.objectContaining({ ok: false }));
  });

  test('ends with its expiry where that comes first', async () => {
    const { world } = await scene(undefined, { maxTimestampAgeSeconds: 30 * 86_400 });
    expect((await world.ask()).notAfter).toBe(NOW + 14 * DAY);
    expect(await world.verdict({ now: NOW + 14 * DAY + 1000 })).toBe('CNS-1007');
  });

  test('is shown in the chain, and only then', async () => {
    const texts = async (limits: Limits): Promise<string> => {
      const { world } = await scene(undefined, limits);
      return world.trace.steps.map(({ text }) => text).join('; ');
    };
    const limit = 'at most 86400 s after it was first seen (2026-11-21T06:00Z)';
    expect(await texts(LIMITS)).toContain(`timestamp version 2, until 2026-12-05T06:00Z, ${limit}`);
    expect(await texts({})).not.toContain('first seen');
  });

  test('begins anew with a new version, and not with an older one', async () => {
    const { world, collection, old } = await scene(undefined, LIMITS);
    collection.publish();
    expect(await world.verdict({ now: NOW + DAY + 1 })).toBe(B);
    collection.serve(old);
    expect(await world.verdict({ now: NOW + 2 * DAY + 1 })).toBe(B);
    expect(await world.verdict({ now: NOW + 2 * DAY + 2 })).toBe('CNS-2007');
  });

  test('is as old for another process, whether the first one has a limit or not', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    const second = another(first, memory, LIMITS);
    expect((await second.ask({ now: NOW + 60_000 })).notAfter).toBe(NOW + DAY);
    expect(await second.verdict({ now: NOW + DAY + 1 })).toBe('CNS-1007');
    expect(await first.world.verdict({ now: NOW + DAY + 1 })).toBe(B);
  });

  test('is as old as the earliest of several clocks says', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    expect(await another(first, memory).verdict({ now: NOW - 3600_000 })).toBe(B);
    expect((await another(first, memory, LIMITS).ask()).notAfter).toBe(NOW - 3600_000 + DAY);
  });

  test('is new to a process that nobody told of it', async () => {
    const second = another(await scene(), undefined, LIMITS);
    expect((await second.ask({ now: NOW + 60_000 })).notAfter).toBe(NOW + 60_000 + DAY);
  });

  test('counts from now where a record says nothing of it, and that is written down', async () => {
    const memory = new Memory();
    const first = await scene(memory);
    memory.texts.set(NAME, withoutTimes(memory.texts.get(NAME)));
    const second = another(first, memory, LIMITS);
    expect((await second.ask({ now: NOW + 60_000 })).notAfter).toBe(NOW + 60_000 + DAY);
    const third = another(first, memory, LIMITS);
    expect((await third.ask({ now: NOW + 120_000 })).notAfter).toBe(NOW + 60_000 + DAY);
  });

  test('counts from now after a reset', async () => {
    const memory = new Memory();
    const { world } = await scene(memory, LIMITS);
    expect(await world.verdict({ now: NOW + DAY + 1 })).toBe('CNS-1007');
    memory.texts.set(NAME, resetFloor(NOW + DAY));
    expect((await world.ask({ now: NOW + DAY + 1 })).notAfter).toBe(NOW + 2 * DAY + 1);
  });
});

/** As versions before times were noted wrote it. */
function withoutTimes(text = ''): string {
  const { epoch, roles } = parseFloor(text) ?? NO_FLOOR;
  const entries = [...roles].map(([role, { version }]) => [role, version]);
  return JSON.stringify({ epoch, roles: entries });
}

test('the versions of another set of pinned keys are not these', async () => {
  const floors = new FloorStore();
  const world = new NotaryWorld({ floors });
  const collection = await world.notary.collection(COLLECTION);
  collection.add('v1', A).publish();
  collection.roles.targets.keys = [KEYS.targets, OTHER];
  collection.publish();
  expect(await world.verdict()).toBe(A);
  const key = NotaryKey.ecdsa();
  const next = new NotaryWorld({ floors, roots: { default: key } });
  const fresh = await next.notary.collection(COLLECTION, {
    root: await key.certified(COLLECTION),
    timestamp: NotaryKey.ed25519(),
    snapshot: NotaryKey.ed25519(),
    targets: NotaryKey.ed25519(),
  });
  fresh.add('v1', B).publish();
  expect(await next.verdict()).toBe(B);
});

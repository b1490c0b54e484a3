// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { RegistryError } from '#registry';
import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_KEYS as KEYS,
  NOTARY_NOW as NOW,
  notaryDigest,
  NotaryKey,
  NotaryWorld,
} from '#testing';

import { FileSource } from './file-source.js';
import { InMemoryFileSource } from './in-memory-file-source.js';

const A = notaryDigest('a');
const B = notaryDigest('b');

async function published(options: ConstructorParameters<typeof NotaryWorld>[0] = {}) {
  const world = new NotaryWorld(options);
  const collection = await world.notary.collection(COLLECTION);
  collection.add('v1', A).publish();
  const asked = world.source instanceof InMemoryFileSource ? world.source.asked : [];
  return { world, collection, asked };
}

describe('what is asked for', () => {
  test('a first look: four files, at once', async () => {
    const { world, asked } = await published();
    await world.ask();
    expect(asked.toSorted()).toEqual(['root', 'snapshot', 'targets', 'timestamp']);
  });

  test('a later look: the timestamp', async () => {
    const { world, asked } = await published();
    await world.ask();
    asked.length = 0;
    await world.ask();
    expect(asked).toEqual(['timestamp']);
  });

  test('after a publication: what has changed, by its hash', async () => {
    const { world, collection, asked } = await published();
    await world.ask();
    collection.add('v1', B).publish();
    asked.length = 0;
    expect(await world.verdict()).toBe(B);
    expect(asked.map((name) => name.replace(/\.[0-9a-f]{64}$/, '.hash'))).toEqual([
      'timestamp',
      'snapshot.hash',
      'targets.hash',
    ]);
  });

  test('a hundred questions at once: one look', async () => {
    const { world, collection, asked } = await published();
    for (let index = 0; index < 100; index += 1) collection.add(`t${index}`, B);
    collection.publish();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => world.verdict({ image: `${COLLECTION}:t${index}` })),
    );
    expect(new Set(answers)).toEqual(new Set([B]));
    expect(asked).toHaveLength(4);
  });

  test('a moment later: nothing', async () => {
    const { world, asked } = await published({ freshMs: 60_000 });
    await world.ask();
    await world.ask();
    expect(asked).toHaveLength(4);
  });

  test('rules that ask for the same share a look; others have their own', async () => {
    const { world, collection, asked } = await published({ freshMs: 60_000 });
    collection.delegate('targets/releases', [KEYS.targets]).add('v1', A, 'targets/releases').publish();
    await world.ask();
    await world.ask({ with: { mode: 'insecureValidateOnly' } });
    expect(asked).toHaveLength(5);
    await world.ask({ with: { delegations: ['releases'] } });
    expect(asked).toHaveLength(10);
  });
});

describe('T28: a publication while we look', () => {
  test('is followed to its end', async () => {
    const { world, collection } = await published();
    await world.ask();
    const between = new Between(world.notary.files, () => collection.add('v1', B).publish());
    const other = new NotaryWorld({ source: () => between });
    expect([A, B]).toContain(await other.verdict());
  });

  test('of a server without names by hash is looked at once more', async () => {
    const { world, collection } = await published();
    const plain = new Plain(world.notary.files);
    plain.onTimestamp = () => collection.add('v1', B).publish();
    const other = new NotaryWorld({ source: () => plain });
    expect(await other.verdict()).toBe(B);
  });

  test('that never ends is undecided', async () => {
    const { world, collection } = await published();
    const plain = new Plain(world.notary.files);
    plain.always = true;
    plain.onTimestamp = () => collection.add('v1', B).publish();
    const other = new NotaryWorld({ source: () => plain });
    expect(await other.verdict()).toBe('CNS-2007');
  });
});

describe('a server that cannot be asked', () => {
  test.for(['root', 'timestamp', 'snapshot', 'targets'])(
    'for %s: the registry’s error passes through',
    async (role) => {
      const { world } = await published();
      const broken = new Broken(world.notary.files, role);
      const other = new NotaryWorld({ source: () => broken });
      await expect(other.verdict()).rejects.toThrow(RegistryError);
      expect(other.events).toEqual([
        { kind: 'failed', server: 'https://notary.test', reason: 'unreachable' },
      ]);
    },
  );

  test('a caller who leaves takes nothing from those who stay', async () => {
    const { world } = await published();
    const gone = AbortSignal.abort(new Error('gone'));
    const [left, stayed] = await Promise.allSettled([world.ask({ signal: gone }), world.ask()]);
    expect([left.status, stayed.status]).toEqual(['rejected', 'fulfilled']);
  });
});

test('explain: root key, roles with versions and expiries, delegation, target, digest', async () => {
  const { world, collection } = await published();
  collection.delegate('targets/releases', [KEYS.targets]).add('v1', B, 'targets/releases').publish();
  await world.ask();
  const { steps } = world.trace;
  expect(steps.map(({ step, ok }) => `${step} ${ok}`)).toEqual([
    ...Array.from({ length: 6 }, () => 'verify-signature true'),
    'verify-claims true',
    'resolve-digest true',
  ]);
  expect(steps[0]).toMatchObject({ trustRoot: 'default', key: expect.stringMatching(/^SHA256:/) as string });
  expect(steps[2]?.text).toBe(
    `timestamp version 2, until ${new Date(NOW + 14 * 86_400_000).toISOString().slice(0, 16)}Z`,
  );
  expect(steps[5]?.text).toContain('delegation targets/releases version 1');
  expect(steps.at(-1)?.text).toBe(`the target is ${B}`);
});

test.for([
  { name: 'an unknown trust root', with: { trustRoot: 'nobody' } },
  { name: 'a delegation that is a path', with: { delegations: ['../root'] } },
  { name: 'a delegation in capitals', with: { delegations: ['Releases'] } },
  { name: 'T24: a long name', with: { delegations: ['a/'.repeat(5_000)] } },
])('does not bind: $name', async ({ with: options }) => {
  await expect(new NotaryWorld().ask({ with: options })).rejects.toMatchObject({ code: 'CNS-3001' });
});

test.for([
  { name: 'no trust roots', roots: {} },
  { name: 'a key that is too small', roots: { default: NotaryKey.rsa(1024) } },
])('does not construct: $name', ({ roots }) => {
  expect(() => new NotaryWorld({ roots })).toThrow(expect.objectContaining({ code: 'CNS-3001' }) as Error);
});

/** A server without names by hash. */
class Plain extends FileSource {
  override readonly server = 'https://notary.test';
  onTimestamp: () => unknown = () => undefined;
  always = false;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  #asked = 0;

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    super();
    this.#files = files;
  }

  override file(collection: string, name: string): Promise<Uint8Array | undefined> {
    const bytes = this.#files.get(`${collection}/${name}`);
    if (name === 'timestamp') {
      this.#asked += 1;
      if (this.always || this.#asked === 1) this.onTimestamp();
    }
    return Promise.resolve(/\.[0-9a-f]{64}$/.test(name) ? undefined : bytes);
  }
}

/** Publishes between the timestamp and everything else. */
class Between extends InMemoryFileSource {
  readonly #then: () => unknown;

  constructor(files: ReadonlyMap<string, Uint8Array>, then: () => unknown) {
    super(files);
    this.#then = then;
  }

  override async file(collection: string, name: string): Promise<Uint8Array | undefined> {
    const bytes = await super.file(collection, name);
    if (name === 'timestamp') this.#then();
    return bytes;
  }
}

class Broken extends InMemoryFileSource {
  readonly #role: string;

  constructor(files: ReadonlyMap<string, Uint8Array>, role: string) {
    super(files);
    this.#role = role;
  }

  override file(collection: string, name: string): Promise<Uint8Array | undefined> {
    if (name.startsWith(this.#role)) {
      return Promise.reject(new RegistryError('unreachable', 'notary.test', 'is down'));
    }
    return super.file(collection, name);
  }
}

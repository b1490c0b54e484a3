import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { parseDigest } from '#image-ref';
import { createTransport, type HttpTransport, RegistryClient } from '#registry';
import {
  pushArtifact,
  pushImage,
  pushIndex,
  pushReferrersTag,
  type RegistryContent,
  VirtualRegistry,
} from '#testing';

import {
  InMemorySignatureSource,
  RegistrySignatureSource,
  type Repository,
  type SignatureSource,
} from './index.js';

const PATH = 'team/app';
const ABSENT = parseDigest(`sha256:${'0'.repeat(64)}`);
const { signal } = new AbortController();

let withApi: VirtualRegistry;
let withoutApi: VirtualRegistry;
let transport: HttpTransport;

beforeAll(async () => {
  withApi = await VirtualRegistry.start();
  withoutApi = await VirtualRegistry.start({ referrersApi: false });
  transport = createTransport();
});

afterAll(() => Promise.all([withApi.stop(), withoutApi.stop(), transport.close()]));

interface World {
  readonly source: SignatureSource;
  readonly content: RegistryContent;
  readonly repository: Repository;
}

function overRegistry(registry: VirtualRegistry, test: string): World {
  const client = new RegistryClient({
    transport,
    registries: [{ host: registry.host, insecurePlainHttp: true }],
  });
  return {
    source: new RegistrySignatureSource(client),
    content: registry,
    repository: { host: registry.host, path: `${PATH}/${test}` },
  };
}

function inMemory(): World {
  const source = new InMemorySignatureSource();
  return { source, content: source, repository: { host: 'in-memory', path: PATH } };
}

let repositories = 0;

describe.each<{ name: string; create: () => World }>([
  { name: 'in memory', create: inMemory },
  { name: 'a registry with the referrers API', create: () => overRegistry(withApi, `r${repositories++}`) },
  { name: 'a registry without it', create: () => overRegistry(withoutApi, `r${repositories++}`) },
])('$name keeps the contract of the port', ({ create }) => {
  let world: World;
  beforeEach(() => {
    world = create();
  });
  const layer = { bytes: Buffer.from('signed'), mediaType: 'application/x', annotations: { a: 'b' } };

  test('a manifest by tag and by digest is the same', async () => {
    const { source, content, repository } = world;
    const pushed = await pushArtifact(content, repository.path, {
      layers: [layer],
      annotations: { c: 'd' },
      tag: 'v1',
    });
    const manifest = await source.manifest(repository, 'v1', signal);
    expect(manifest).toMatchObject({ digest: pushed.digest, subject: undefined });
    expect(manifest?.annotations.get('c')).toBe('d');
    expect(manifest?.layers).toMatchObject([{ mediaType: 'application/x', size: 6 }]);
    expect(manifest?.layers[0]?.annotations.get('a')).toBe('b');
    expect(await source.manifest(repository, pushed.digest, signal)).toEqual(manifest);
  });

  test('an index has no layers', async () => {
    const { source, content, repository } = world;
    const image = await pushImage(content, repository.path);
    const index = await pushIndex(content, repository.path, { manifests: [image], tag: 'multi' });
    expect(await source.manifest(repository, 'multi', signal)).toMatchObject({
      digest: index.digest,
      layers: [],
    });
  });

  test('none is an answer', async () => {
    const { source, content, repository } = world;
    await pushImage(content, repository.path, { tag: 'v1' });
    const descriptor = { mediaType: 'x', digest: ABSENT, size: 3, annotations: new Map<string, string>() };
    expect(await source.manifest(repository, 'v9', signal)).toBeUndefined();
    expect(await source.manifest(repository, ABSENT, signal)).toBeUndefined();
    expect(await source.referrers(repository, ABSENT, signal)).toEqual([]);
    expect(await source.blob(repository, descriptor, 10, signal)).toBeUndefined();
    const elsewhere = { ...repository, path: 'no/such/repository' };
    if (!(source instanceof InMemorySignatureSource)) {
      expect(await source.manifest(elsewhere, 'v1', signal)).toBeUndefined();
      expect(await source.referrers(elsewhere, ABSENT, signal)).toEqual([]);
    }
  });

  test('a blob is its bytes, within the bound', async () => {
    const { source, content, repository } = world;
    await pushArtifact(content, repository.path, { layers: [layer], tag: 'v1' });
    const descriptor = (await source.manifest(repository, 'v1', signal))!.layers[0]!;
    expect(Buffer.from((await source.blob(repository, descriptor, 6, signal))!).toString()).toBe('signed');
    await expect(source.blob(repository, descriptor, 5, signal)).rejects.toThrow();
  });

  test('referrers, listed by the API or under the tag', async () => {
    const { source, content, repository } = world;
    const subject = await pushImage(content, repository.path, { tag: 'v1' });
    const first = await pushArtifact(content, repository.path, {
      layers: [layer],
      subject,
      annotations: { n: '1' },
    });
    const second = await pushArtifact(content, repository.path, {
      layers: [layer],
      subject,
      annotations: { n: '2' },
    });
    await pushReferrersTag(content, repository.path, subject.digest, [first, second]);
    const digests = (await source.referrers(repository, subject.digest, signal)).map(({ digest }) => digest);
    expect(new Set(digests)).toEqual(new Set([first.digest, second.digest]));
    expect(digests).toHaveLength(2);
    expect(await source.manifest(repository, first.digest, signal)).toMatchObject({
      subject: subject.digest,
    });
  });

  test('an aborted question is an error', async () => {
    const { source, repository } = world;
    const aborted = AbortSignal.abort();
    await expect(source.manifest(repository, 'v1', aborted)).rejects.toThrow();
    await expect(source.referrers(repository, ABSENT, aborted)).rejects.toThrow();
  });
});

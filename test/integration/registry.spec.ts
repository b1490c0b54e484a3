import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { digestOf } from '#image-ref';
import { createTransport, type HttpTransport, RegistryClient, RegistryError } from '#registry';
import {
  pushArtifact,
  pushImage,
  pushIndex,
  pushLegacySignature,
  pushReferrersTag,
  RegistryPusher,
  startRealRegistry,
  VirtualRegistry,
} from '#testing';

interface RunningRegistry {
  readonly host: string;
  stop(): Promise<void>;
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const payload = {
  bytes: Buffer.from('payload'),
  mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
};

// One contract, two registries: what the fake does, the real one does.
describe.for<{ name: string; start: () => Promise<RunningRegistry> }>([
  { name: 'docker-registry', start: startRealRegistry },
  {
    name: 'VirtualRegistry without the referrers API',
    start: () => VirtualRegistry.start({ referrersApi: false }),
  },
])('$name', ({ start }) => {
  let registry: RunningRegistry;
  let pusher: RegistryPusher;
  let transport: HttpTransport;
  let client: RegistryClient;

  beforeAll(async () => {
    registry = await start();
    pusher = new RegistryPusher(`http://${registry.host}`);
    transport = createTransport();
    client = new RegistryClient({ transport, namedHosts: new Set([registry.host]) });
  });

  afterAll(async () => {
    await transport.close();
    await registry.stop();
  });

  const at = (path: string): { host: string; path: string } => ({ host: registry.host, path });

  test('an image by tag and by digest', async () => {
    const image = await pushImage(pusher, 'demo/app', { tag: 'v1' });
    const byTag = await client.manifest({ ...at('demo/app'), reference: 'v1' }, signal());
    const byDigest = await client.manifest({ ...at('demo/app'), reference: image.digest }, signal());
    expect([byTag.digest, byDigest.digest]).toEqual([image.digest, image.digest]);
    expect([byTag.kind, byTag.size, byTag.mediaType]).toEqual(['image', image.size, image.mediaType]);
  });

  test('an index', async () => {
    const image = await pushImage(pusher, 'demo/multi');
    const index = await pushIndex(pusher, 'demo/multi', { manifests: [image], tag: 'v1' });
    const manifest = await client.manifest({ ...at('demo/multi'), reference: 'v1' }, signal());
    expect([manifest.kind, manifest.digest]).toEqual(['index', index.digest]);
    expect(manifest.kind === 'index' && manifest.manifests[0]?.digest).toBe(image.digest);
  });

  test('a legacy signature and its payload', async () => {
    const image = await pushImage(pusher, 'demo/signed', { tag: 'v1' });
    const annotations = { 'dev.cosignproject.cosign/signature': 'MEQ=' };
    await pushLegacySignature(pusher, 'demo/signed', image.digest, [{ ...payload, annotations }]);
    const reference = `${image.digest.replace(':', '-')}.sig`;
    const manifest = await client.manifest({ ...at('demo/signed'), reference }, signal());
    if (manifest.kind !== 'image' || manifest.layers[0] === undefined) throw new Error('expected a layer');
    expect(manifest.layers[0].annotations.get('dev.cosignproject.cosign/signature')).toBe('MEQ=');
    const bytes = await client.blob(at('demo/signed'), manifest.layers[0], signal(), 1_000);
    expect(Buffer.from(bytes)).toEqual(payload.bytes);
  });

  test('referrers by the fallback tag, and none without it', async () => {
    const image = await pushImage(pusher, 'demo/bundled', { tag: 'v1' });
    expect(await client.referrers(at('demo/bundled'), image.digest, signal())).toEqual({
      descriptors: [],
      source: 'none',
    });
    const artifact = {
      layers: [payload],
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      subject: image,
    };
    const bundle = await pushArtifact(pusher, 'demo/bundled', artifact);
    await pushReferrersTag(pusher, 'demo/bundled', image.digest, [bundle]);
    const { descriptors, source } = await client.referrers(at('demo/bundled'), image.digest, signal());
    expect([source, descriptors.map(({ digest }) => digest)]).toEqual(['tag', [bundle.digest]]);
    const manifest = await client.manifest({ ...at('demo/bundled'), reference: bundle.digest }, signal());
    expect([manifest.artifactType, manifest.subject?.digest]).toEqual([artifact.artifactType, image.digest]);
  });

  test.for([
    { name: 'a tag', path: 'demo/app', reference: 'nothing' },
    { name: 'a digest', path: 'demo/app', reference: digestOf(Buffer.from('nothing')) },
    { name: 'a repository', path: 'demo/nothing', reference: 'v1' },
  ])('$name that is not there', async ({ path, reference }) => {
    const error: unknown = await client
      .manifest({ ...at(path), reference }, signal())
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ reason: 'not-found', host: registry.host });
  });

  test('a blob that is not there', async () => {
    const descriptor = { digest: digestOf(Buffer.from('nothing')), size: 7 };
    await expect(client.blob(at('demo/app'), descriptor, signal(), 100)).rejects.toMatchObject({
      reason: 'not-found',
    });
  });

  test('a large blob', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024, 0x61);
    const descriptor = await pusher.pushBlob('demo/large', bytes);
    const pulled = await client.blob(at('demo/large'), descriptor, signal(), bytes.byteLength);
    expect(digestOf(pulled)).toBe(descriptor.digest);
  });
});

test('after it stopped, the registry is unreachable', async () => {
  const registry = await startRealRegistry();
  const transport = createTransport();
  await registry.stop();
  const client = new RegistryClient({ transport, namedHosts: new Set([registry.host]) });
  const target = { host: registry.host, path: 'demo/app', reference: 'v1' };
  await expect(client.manifest(target, signal())).rejects.toMatchObject({ reason: 'unreachable' });
  await transport.close();
});

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { inspect } from 'node:util';

import { afterEach, describe, expect, test } from 'vitest';

import { digestOf } from '#image-ref';
import {
  type ContentDescriptor,
  manifestBytes,
  OCI_INDEX,
  OCI_MANIFEST,
  pushArtifact,
  pushImage,
  pushIndex,
  pushLegacySignature,
  type Toxic,
  VirtualRegistry,
  type VirtualRegistryOptions,
} from '#testing';

import { createTransport } from './create-transport.js';
import { Credentials } from './credentials.js';
import { RegistryError } from './error.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { RegistryClient, type RegistryClientOptions } from './registry-client.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

async function world(
  options?: VirtualRegistryOptions,
  rest: Partial<RegistryClientOptions> = {},
): Promise<{ registry: VirtualRegistry; client: RegistryClient }> {
  const registry = await VirtualRegistry.start(options);
  const transport = createTransport();
  cleanups.push(
    () => registry.stop(),
    () => transport.close(),
  );
  const namedHosts = new Set([registry.host]);
  return { registry, client: new RegistryClient({ transport, namedHosts, random: () => 0, ...rest }) };
}

const signal = (ms = 5_000): AbortSignal => AbortSignal.timeout(ms);

async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'ok';
  } catch (error) {
    if (!(error instanceof RegistryError)) return String(error);
    return error.limit === undefined ? error.reason : `${error.reason} ${error.limit}`;
  }
}

/** Answers as a public registry would, without a network. */
function scripted(answer: (request: HttpRequest) => Partial<HttpAnswer>): {
  transport: HttpTransport;
  requests: HttpRequest[];
} {
  const requests: HttpRequest[] = [];
  const transport: HttpTransport = {
    request(request) {
      requests.push(request);
      return Promise.resolve({
        status: 200,
        headers: new Map(),
        body: new Uint8Array(),
        network: 'public',
        ...answer(request),
      });
    },
    close: () => Promise.resolve(),
  };
  return { transport, requests };
}

describe('manifest', () => {
  test.for<{ name: string; toxic: Toxic; is: string }>([
    { name: 'the right answer', toxic: { kind: 'headers', headers: {} }, is: 'ok' },
    {
      name: 'no Docker-Content-Digest',
      toxic: { kind: 'headers', headers: { 'docker-content-digest': undefined } },
      is: 'ok',
    },
    {
      name: 'G02 a lying Docker-Content-Digest',
      toxic: { kind: 'headers', headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } },
      is: 'malformed',
    },
    {
      name: 'G02 a Docker-Content-Digest of another algorithm',
      toxic: { kind: 'headers', headers: { 'docker-content-digest': `sha512:${'0'.repeat(128)}` } },
      is: 'malformed',
    },
    {
      name: 'G07 another Content-Type',
      toxic: { kind: 'headers', headers: { 'content-type': OCI_INDEX } },
      is: 'malformed',
    },
    { name: 'G16 truncated', toxic: { kind: 'truncated' }, is: 'unreachable' },
    { name: 'G16 reset', toxic: { kind: 'reset' }, is: 'unreachable' },
    { name: 'G17 endless', toxic: { kind: 'endless' }, is: 'too-large manifestBytes' },
    { name: 'G18 a gzip bomb', toxic: { kind: 'gzip-bomb', unpackedBytes: 1 << 24 }, is: 'malformed' },
    {
      name: 'G19 a redirect to another host',
      toxic: { kind: 'redirect', location: 'https://elsewhere.example/' },
      is: 'refused-by-policy',
    },
    { name: 'G19 a redirect to nowhere', toxic: { kind: 'redirect', location: '' }, is: 'refused-by-policy' },
    {
      name: 'G19 a redirect to itself, for ever',
      toxic: { kind: 'redirect', location: '/v2/demo/manifests/v1' },
      is: 'refused-by-policy redirectsCount',
    },
    { name: 'G36 a login page', toxic: { kind: 'html' }, is: 'malformed' },
    {
      name: 'G37 more than 4 MiB',
      toxic: { kind: 'body', body: Buffer.alloc(REGISTRY_LIMITS.manifestBytes + 1, 0x20) },
      is: 'too-large manifestBytes',
    },
    { name: '404', toxic: { kind: 'answer', status: 404 }, is: 'not-found' },
    { name: '401 without a challenge', toxic: { kind: 'answer', status: 401 }, is: 'unauthorized' },
    { name: '403', toxic: { kind: 'answer', status: 403 }, is: 'unauthorized' },
    { name: '418', toxic: { kind: 'answer', status: 418 }, is: 'malformed' },
    { name: '204', toxic: { kind: 'answer', status: 204 }, is: 'malformed' },
    { name: '500', toxic: { kind: 'answer', status: 500 }, is: 'unreachable' },
    { name: 'G31 429', toxic: { kind: 'answer', status: 429 }, is: 'rate-limited' },
  ])('$name: $is', async ({ toxic, is }) => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    registry.misbehave({ path: /manifests/, toxic });
    expect(
      await outcomeOf(client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal())),
    ).toBe(is);
  });

  test('G01 only GETs are sent, one for each manifest, and none to ask for the API version', async () => {
    const { registry, client } = await world();
    const image = await pushImage(registry, 'demo', { tag: 'v1' });
    const manifest = await client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal());
    expect(manifest.digest).toBe(image.digest);
    expect(digestOf(manifest.bytes)).toBe(image.digest);
    expect(registry.journal.lines).toEqual(['GET /v2/demo/manifests/v1 200']);
  });

  test('G03 the second answer to a tag does not matter', async () => {
    const { registry, client } = await world();
    const image = await pushImage(registry, 'demo', { tag: 'v1' });
    registry.misbehave({ path: /manifests/, nth: 2, toxic: { kind: 'body', body: '{}' } });
    const manifest = await client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal());
    expect([manifest.digest, registry.journal.count(/manifests/)]).toEqual([image.digest, 1]);
  });

  test('G04 other bytes than those of the digest are refused', async () => {
    const { registry, client } = await world();
    const [image, other] = [
      await pushImage(registry, 'demo'),
      await pushImage(registry, 'demo', { content: 'other' }),
    ];
    const target = { host: registry.host, path: 'demo', reference: image.digest };
    expect(await outcomeOf(client.manifest(target, signal()))).toBe('ok');
    const body = registry.content.manifest('demo', other.digest)?.bytes ?? '';
    const headers = { 'content-type': OCI_MANIFEST, 'docker-content-digest': other.digest };
    registry.misbehave({ path: /manifests/, toxic: { kind: 'answer', status: 200, headers, body } });
    expect(await outcomeOf(client.manifest(target, signal()))).toBe('malformed');
  });

  test('G06 the manifests that a runtime takes are accepted, in its order', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    await client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal());
    expect(registry.journal.entries[0]?.headers['accept']).toBe(
      'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*',
    );
  });

  test('G12 an index is read without its children', async () => {
    const { registry, client } = await world();
    const image = await pushImage(registry, 'demo');
    const index = await pushIndex(registry, 'demo', { manifests: [image], tag: 'v1' });
    const manifest = await client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal());
    expect([manifest.kind, manifest.digest]).toEqual(['index', index.digest]);
    expect(registry.journal.entries).toHaveLength(1);
  });

  test('G16 a broken connection is tried again within the deadline', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    registry.misbehave({ path: /manifests/, nth: 1, toxic: { kind: 'truncated' } });
    registry.misbehave({ path: /manifests/, nth: 1, toxic: { kind: 'answer', status: 503 } });
    expect(
      await outcomeOf(client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal())),
    ).toBe('ok');
    expect(registry.journal.entries).toHaveLength(3);
  });

  test('G17 a drip ends with the signal', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    registry.misbehave({ path: /manifests/, toxic: { kind: 'drip', everyMs: 20 } });
    const outcome = outcomeOf(
      client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal(150)),
    );
    expect(await outcome).toBe('timed-out');
  });

  test('G31 a short Retry-After is waited for', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    registry.misbehave({
      path: /manifests/,
      nth: 1,
      toxic: { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
    });
    expect(
      await outcomeOf(client.manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal())),
    ).toBe('ok');
  });

  test('G31 a Retry-After of hours is reported at once', async () => {
    const { registry, client } = await world();
    registry.misbehave({
      path: /manifests/,
      toxic: { kind: 'answer', status: 429, headers: { 'retry-after': '7200' } },
    });
    const error: unknown = await client
      .manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal())
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: 'rate-limited', retryAfterMs: REGISTRY_LIMITS.retryAfterMaxMs });
    expect(registry.journal.entries).toHaveLength(1);
  });

  test('H08 nothing is remembered of a fault', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    const target = { host: registry.host, path: 'demo', reference: 'v1' };
    registry.misbehave({ path: /manifests/, toxic: { kind: 'answer', status: 500 } });
    expect(await outcomeOf(client.manifest(target, signal()))).toBe('unreachable');
    registry.behave();
    expect(await outcomeOf(client.manifest(target, signal()))).toBe('ok');
  });

  test('nothing that a registry wrote is in an error', async () => {
    const { registry, client } = await world();
    const toxics: readonly Toxic[] = [
      { kind: 'answer', status: 404, headers: { 'x-canary': 'canary' }, body: 'canary' },
      { kind: 'answer', status: 200, headers: { 'content-type': OCI_MANIFEST }, body: '{"canary":' },
      {
        kind: 'answer',
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://canary.example/"' },
      },
      { kind: 'redirect', location: 'https://canary.example/' },
    ];
    for (const toxic of toxics) {
      registry.behave();
      registry.misbehave({ path: /manifests/, toxic });
      const error: unknown = await client
        .manifest({ host: registry.host, path: 'demo', reference: 'v1' }, signal())
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RegistryError);
      expect(inspect(error, { depth: 9 })).not.toContain('canary');
    }
  });

  test.for([
    { name: 'a path that is none', target: { host: 'ghcr.io', path: '../x', reference: 'v1' } },
    { name: 'a path with a query', target: { host: 'ghcr.io', path: 'a?b', reference: 'v1' } },
    { name: 'a reference that is none', target: { host: 'ghcr.io', path: 'a', reference: 'a/b' } },
    { name: 'a host with a path', target: { host: 'ghcr.io/x', path: 'a', reference: 'v1' } },
    { name: 'a host with userinfo', target: { host: 'u@ghcr.io', path: 'a', reference: 'v1' } },
  ])('$name is our own mistake', async ({ target }) => {
    const { client } = await world();
    await expect(client.manifest(target, signal())).rejects.toThrow(TypeError);
  });
});

describe('where requests go', () => {
  const urlOf = async (host: string, options: Partial<RegistryClientOptions> = {}): Promise<string> => {
    const { transport, requests } = scripted(() => ({ status: 404 }));
    const outcome = await outcomeOf(
      new RegistryClient({ transport, ...options }).manifest({ host, path: 'a', reference: 'v1' }, signal()),
    );
    const [first] = requests;
    return first === undefined
      ? outcome
      : `${first.url.origin} ${first.reach ?? ''}${first.ca === undefined ? '' : ' ca'}`;
  };

  const hosts = ['127.0.0.1:5000', 'localhost:5000', '[::1]:5000', '169.254.169.254', 'registry.corp:5000'];
  const named = { options: { namedHosts: new Set(hosts) } };

  test.for<{ name: string; host: string; options?: Partial<RegistryClientOptions>; is: string }>([
    {
      name: 'Docker Hub has another API host',
      host: 'docker.io',
      is: 'https://registry-1.docker.io private',
    },
    { name: 'https by default', host: 'ghcr.io', is: 'https://ghcr.io private' },
    { name: 'G39 https on port 5000', host: 'registry.corp:5000', is: 'https://registry.corp:5000 private' },
    { name: 'G39 https for a private address', host: '10.0.0.1:5000', is: 'https://10.0.0.1:5000 private' },
    {
      name: 'http where configured',
      host: 'registry.corp:5000',
      options: { registries: [{ host: 'registry.corp:5000', insecurePlainHttp: true }] },
      is: 'http://registry.corp:5000 loopback',
    },
    {
      name: 'G39 http for another port of it',
      host: 'registry.corp',
      options: { registries: [{ host: 'registry.corp:5000', insecurePlainHttp: true }] },
      is: 'https://registry.corp private',
    },
    { name: 'http for loopback', host: '127.0.0.1:5000', ...named, is: 'http://127.0.0.1:5000 loopback' },
    { name: 'http for localhost', host: 'localhost:5000', ...named, is: 'http://localhost:5000 loopback' },
    { name: 'http for version 6 loopback', host: '[::1]:5000', ...named, is: 'http://[::1]:5000 loopback' },
    { name: 'D13 loopback that nobody named', host: '127.0.0.1:5000', is: 'http://127.0.0.1:5000 private' },
    { name: 'D13 localhost that nobody named', host: 'localhost:5000', is: 'http://localhost:5000 private' },
    { name: 'D13 version 6 that nobody named', host: '[::1]:5000', is: 'http://[::1]:5000 private' },
    { name: 'D13 another port', host: 'localhost:6379', ...named, is: 'http://localhost:6379 private' },
    { name: 'D13 metadata', host: '169.254.169.254', ...named, is: 'https://169.254.169.254 private' },
    {
      name: 'D13 a name that a pattern has leads to no loopback address',
      host: 'registry.corp:5000',
      ...named,
      is: 'https://registry.corp:5000 private',
    },
    {
      name: 'https for loopback where configured',
      host: 'localhost:5000',
      options: { registries: [{ host: 'localhost:5000', insecurePlainHttp: false }] },
      is: 'https://localhost:5000 loopback',
    },
    {
      name: 'https for loopback with an authority',
      host: 'localhost:5000',
      options: { ...named.options, ca: 'PEM' },
      is: 'https://localhost:5000 loopback ca',
    },
    {
      name: 'an authority of the host',
      host: 'registry.corp',
      options: { registries: [{ host: 'registry.corp', cert: 'PEM' }] },
      is: 'https://registry.corp loopback ca',
    },
    {
      name: 'G33 no authority of another host',
      host: 'ghcr.io',
      options: { registries: [{ host: 'registry.corp', cert: 'PEM' }] },
      is: 'https://ghcr.io private',
    },
    { name: 'G21 an address in disguise', host: '0x7f.1', is: 'refused-by-policy' },
  ])('$name', async ({ host, options, is }) => {
    expect(await urlOf(host, options)).toBe(is);
  });
});

describe('redirects', () => {
  const blob = Buffer.from('payload');
  const descriptor = { digest: digestOf(blob), size: blob.byteLength };

  function redirecting(
    location: string,
    network: HttpAnswer['network'] = 'public',
  ): ReturnType<typeof scripted> {
    return scripted((request) =>
      request.url.host === 'registry.example'
        ? { status: 307, headers: new Map([['location', location]]), network }
        : { body: blob },
    );
  }

  test.for<{ name: string; location: string; network?: HttpAnswer['network']; is: string }>([
    { name: 'a blob may be elsewhere, in public', location: 'https://cdn.example/b?sig=1', is: 'ok public' },
    {
      name: 'G21 in private only for a private registry',
      location: 'https://10.0.0.1/b',
      network: 'private',
      is: 'ok private',
    },
    {
      name: 'G21 a public registry leads to public addresses only',
      location: 'https://10.0.0.1/b',
      is: 'ok public',
    },
    { name: 'G20 never to http', location: 'http://cdn.example/b', is: 'refused-by-policy' },
    { name: 'G21 never to another scheme', location: 'file:///etc/passwd', is: 'refused-by-policy' },
    { name: 'G23 never with userinfo', location: 'https://u:p@cdn.example/b', is: 'refused-by-policy' },
  ])('$name', async ({ location, network, is }) => {
    const { transport, requests } = redirecting(location, network);
    const client = new RegistryClient({ transport });
    const outcome = await outcomeOf(
      client.blob({ host: 'registry.example', path: 'a' }, descriptor, signal(), 100),
    );
    // What the transport does with a reach is tested with it: here it must be asked for no more.
    expect(outcome === 'ok' ? `ok ${requests[1]?.reach}` : outcome).toBe(is);
  });

  test('G26 another origin gets no credentials and no header but Accept', async () => {
    const elsewhere = await VirtualRegistry.start();
    cleanups.push(() => elsewhere.stop());
    const registry = await VirtualRegistry.start({ auth: { kind: 'basic', username: 'u', password: 'p' } });
    const transport = createTransport();
    cleanups.push(
      () => registry.stop(),
      () => transport.close(),
    );
    const credentials = new Credentials([{ key: registry.host, username: 'u', password: 'p' }]);
    const client = new RegistryClient({ transport, credentials, namedHosts: new Set([registry.host]) });
    const pushed = await elsewhere.pushBlob('demo', blob);
    const location = `${elsewhere.origin}/v2/demo/blobs/${pushed.digest}`;
    registry.misbehave({ path: /blobs/, nth: 2, toxic: { kind: 'redirect', location } });
    const bytes = await client.blob({ host: registry.host, path: 'demo' }, pushed, signal(), 100);
    expect(Buffer.from(bytes)).toEqual(blob);
    expect(registry.journal.entries[1]?.headers['authorization']).toMatch(/^Basic /);
    expect(Object.keys(elsewhere.journal.entries[0]?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  test.for([
    {
      name: 'G33 a CDN is not vouched for by the registry’s own authority',
      location: 'https://cdn.example/b',
      ca: undefined,
    },
    { name: 'another host of the same owner is', location: 'https://blobs.registry.example/b', ca: 'PEM' },
  ])('$name', async ({ location, ca }) => {
    const { transport, requests } = redirecting(location);
    const client = new RegistryClient({ transport, ca: 'PEM' });
    await client.blob({ host: 'registry.example', path: 'a' }, descriptor, signal(), 100);
    expect(requests.map((request) => request.ca)).toEqual(['PEM', ca]);
  });

  test('G19 a manifest may be redirected to a listed host', async () => {
    const bytes = manifestBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    const answer = (request: HttpRequest): Partial<HttpAnswer> =>
      request.url.host === 'registry.k8s.io'
        ? {
            status: 307,
            headers: new Map([['location', 'https://europe-west1-docker.pkg.dev/v2/x/manifests/v1']]),
          }
        : { headers: new Map([['content-type', OCI_INDEX]]), body: bytes };
    const target = { host: 'registry.k8s.io', path: 'pause', reference: 'v1' };
    expect(await outcomeOf(new RegistryClient(scripted(answer)).manifest(target, signal()))).toBe('ok');
    const foreign = scripted((request) => ({
      ...answer(request),
      ...(request.url.host === 'registry.k8s.io'
        ? { headers: new Map([['location', 'https://x.docker.pkg.dev.evil.example/']]) }
        : {}),
    }));
    expect(await outcomeOf(new RegistryClient(foreign).manifest(target, signal()))).toBe('refused-by-policy');
  });
});

describe('blob', () => {
  const bytes = Buffer.from('payload');
  const descriptor = { digest: digestOf(bytes), size: bytes.byteLength };

  test.for<{ name: string; ask?: Partial<typeof descriptor>; maxBytes?: number; toxic?: Toxic; is: string }>([
    { name: 'the right bytes', is: 'ok' },
    { name: 'as many as allowed', maxBytes: bytes.byteLength, is: 'ok' },
    { name: 'G14 a descriptor that is too long', ask: { size: 8 }, is: 'malformed' },
    { name: 'G14 a descriptor that is too short', ask: { size: 6 }, is: 'too-large' },
    { name: 'G35 other bytes of the same length', toxic: { kind: 'body', body: 'PAYLOAD' }, is: 'malformed' },
    { name: 'G37 more than the caller reads', maxBytes: 6, is: 'too-large' },
    { name: 'G18 a gzip bomb', toxic: { kind: 'gzip-bomb', unpackedBytes: 1 << 22 }, is: 'malformed' },
    { name: 'G36 HTML', toxic: { kind: 'html' }, is: 'too-large' },
    { name: 'no blob', ask: { digest: digestOf(Buffer.from('x')) }, is: 'not-found' },
  ])('$name: $is', async ({ ask, maxBytes = 1_000, toxic, is }) => {
    const { registry, client } = await world();
    await registry.pushBlob('demo', bytes);
    if (toxic !== undefined) registry.misbehave({ path: /blobs/, toxic });
    const target = { host: registry.host, path: 'demo' };
    expect(await outcomeOf(client.blob(target, { ...descriptor, ...ask }, signal(), maxBytes))).toBe(is);
  });
});

describe('referrers', () => {
  async function signedImage(
    registry: VirtualRegistry,
    count: number,
  ): Promise<{ image: ContentDescriptor; referrers: ContentDescriptor[] }> {
    const image = await pushImage(registry, 'demo', { tag: 'v1' });
    const referrers: ContentDescriptor[] = [];
    for (let at = 0; at < count; at += 1) {
      const layers = [{ bytes: Buffer.from(`signature ${at}`), mediaType: 'application/x' }];
      referrers.push(
        await pushArtifact(registry, 'demo', { layers, artifactType: 'application/x', subject: image }),
      );
    }
    return { image, referrers };
  }

  const fallback = (image: ContentDescriptor): string => image.digest.replace(':', '-');

  test.for<{ name: string; api: boolean; tag: boolean; source: string; found: number }>([
    { name: 'from the API', api: true, tag: false, source: 'api', found: 2 },
    { name: 'from the tag', api: false, tag: true, source: 'tag', found: 2 },
    { name: 'from both, each once', api: true, tag: true, source: 'both', found: 2 },
    { name: 'G30 from nowhere', api: false, tag: false, source: 'none', found: 0 },
  ])('$name', async ({ api, tag, source, found }) => {
    const { registry, client } = await world({ referrersApi: api });
    const { image, referrers } = await signedImage(registry, 2);
    if (tag) await pushIndex(registry, 'demo', { manifests: referrers, tag: fallback(image) });
    const answer = await client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal());
    expect([answer.source, answer.descriptors.length]).toEqual([source, found]);
  });

  test('an empty list of the API does not hide the tag', async () => {
    const { registry, client } = await world();
    const image = await pushImage(registry, 'demo');
    const [other] = (await signedImage(registry, 1)).referrers;
    registry.misbehave({
      path: /referrers/,
      toxic: {
        kind: 'answer',
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: `{"schemaVersion":2,"manifests":[]}`,
      },
    });
    await pushIndex(registry, 'demo', {
      manifests: other === undefined ? [] : [other],
      tag: fallback(image),
    });
    expect(
      (await client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())).source,
    ).toBe('tag');
  });

  test('G29 nothing is filtered by artifactType, and a manifest says itself what it is', async () => {
    const { registry, client } = await world({ referrersApi: false });
    const {
      image,
      referrers: [signature],
    } = await signedImage(registry, 1);
    if (signature === undefined) throw new Error('expected a referrer');
    const listed = { ...signature, artifactType: 'application/vnd.oci.empty.v1+json' };
    await pushIndex(registry, 'demo', { manifests: [listed], tag: fallback(image) });
    const { descriptors } = await client.referrers(
      { host: registry.host, path: 'demo' },
      image.digest,
      signal(),
    );
    expect(descriptors.map(({ artifactType }) => artifactType)).toEqual([
      'application/vnd.oci.empty.v1+json',
    ]);
    const manifest = await client.manifest(
      { host: registry.host, path: 'demo', reference: signature.digest },
      signal(),
    );
    expect([manifest.artifactType, manifest.subject?.digest]).toEqual(['application/x', image.digest]);
    expect(registry.journal.lines.some((line) => line.includes('artifactType'))).toBe(false);
  });

  test('G29 a fallback tag that is no index is refused', async () => {
    const { registry, client } = await world({ referrersApi: false });
    const image = await pushImage(registry, 'demo');
    await pushImage(registry, 'demo', { tag: fallback(image), content: 'poison' });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe('malformed');
  });

  test.for<{ name: string; toxic: Toxic; is: string }>([
    { name: 'G30 404 means no API', toxic: { kind: 'answer', status: 404 }, is: 'ok' },
    { name: 'G30 405 means no API', toxic: { kind: 'answer', status: 405 }, is: 'ok' },
    { name: 'G30 HTML means no API', toxic: { kind: 'html' }, is: 'ok' },
    {
      name: 'G30 a redirect means no API',
      toxic: { kind: 'redirect', location: 'https://elsewhere.example/', status: 303 },
      is: 'ok',
    },
    { name: 'G30 401 is an error', toxic: { kind: 'answer', status: 401 }, is: 'unauthorized' },
    { name: 'G30 403 is an error', toxic: { kind: 'answer', status: 403 }, is: 'unauthorized' },
    { name: 'G30 500 is an error', toxic: { kind: 'answer', status: 500 }, is: 'unreachable' },
    { name: 'G31 429 is an error', toxic: { kind: 'answer', status: 429 }, is: 'rate-limited' },
    {
      name: 'an index that is none is an error',
      toxic: { kind: 'answer', status: 200, headers: { 'content-type': OCI_INDEX }, body: '{}' },
      is: 'malformed',
    },
    {
      name: 'G15 duplicate keys are an error',
      toxic: {
        kind: 'answer',
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: '{"manifests":[],"manifests":[]}',
      },
      is: 'malformed',
    },
  ])('$name', async ({ toxic, is }) => {
    const { registry, client } = await world();
    const { image, referrers } = await signedImage(registry, 1);
    await pushIndex(registry, 'demo', { manifests: referrers, tag: fallback(image) });
    registry.misbehave({ path: /referrers/, toxic });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe(is);
  });

  test('G30 a fault at the tag is an error, also beside an API that answers', async () => {
    const { registry, client } = await world();
    const { image } = await signedImage(registry, 0);
    registry.misbehave({ path: /manifests\/sha256-/, toxic: { kind: 'answer', status: 403 } });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe('unauthorized');
  });

  test('G27 all pages are read', async () => {
    const { registry, client } = await world({ referrersPageSize: 2 });
    const { image } = await signedImage(registry, 5);
    const { descriptors } = await client.referrers(
      { host: registry.host, path: 'demo' },
      image.digest,
      signal(),
    );
    expect([descriptors.length, registry.journal.count(/referrers/)]).toEqual([5, 3]);
  });

  test.for([
    {
      name: 'G27 a page that leads to itself',
      link: (path: string) => `<${path}>; rel="next"`,
      is: 'malformed',
    },
    {
      name: 'G27 a page elsewhere',
      link: () => '<https://elsewhere.example/>; rel="next"',
      is: 'refused-by-policy',
    },
    {
      name: 'G27 a page on another port',
      link: () => '<http://127.0.0.1:1/>; rel="next"',
      is: 'refused-by-policy',
    },
    { name: 'G27 two next pages', link: () => '</a>; rel="next", </b>; rel=next', is: 'malformed' },
    { name: 'another relation', link: () => '<https://elsewhere.example/>; rel="prev"', is: 'ok' },
  ])('$name', async ({ link, is }) => {
    const { registry, client } = await world();
    const { image } = await signedImage(registry, 1);
    registry.misbehave({
      path: /referrers/,
      toxic: { kind: 'headers', headers: { link: link(`/v2/demo/referrers/${image.digest}`) } },
    });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe(is);
  });

  test('G27 more pages than anybody needs', async () => {
    const { registry, client } = await world({ referrersPageSize: 1 });
    const { image } = await signedImage(registry, REGISTRY_LIMITS.referrersPagesCount + 1);
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe('too-large referrersPagesCount');
  });

  test.for([
    { name: 'as many referrers as allowed', count: REGISTRY_LIMITS.referrersCount, is: 'ok' },
    {
      name: 'G28 one more, from the API',
      count: REGISTRY_LIMITS.referrersCount + 1,
      is: 'too-large referrersCount',
    },
    { name: 'G28 10 000, from the API', count: 10_000, is: 'too-large referrersPageBytes' },
  ])('$name', async ({ count, is }) => {
    const { registry, client } = await world();
    const image = await pushImage(registry, 'demo');
    const manifests = Array.from({ length: count }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: digestOf(Buffer.from(String(at))),
      size: 1,
    }));
    const body = manifestBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    registry.misbehave({
      path: /referrers/,
      toxic: { kind: 'answer', status: 200, headers: { 'content-type': OCI_INDEX }, body },
    });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe(is);
  });

  test('G28 too many at the tag', async () => {
    const { registry, client } = await world({ referrersApi: false });
    const image = await pushImage(registry, 'demo');
    const manifests = Array.from({ length: REGISTRY_LIMITS.referrersCount + 1 }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: digestOf(Buffer.from(String(at))),
      size: 1,
    }));
    await pushIndex(registry, 'demo', { manifests, tag: fallback(image) });
    expect(
      await outcomeOf(client.referrers({ host: registry.host, path: 'demo' }, image.digest, signal())),
    ).toBe('too-large referrersCount');
  });
});

describe('sequential round trips', () => {
  const layers = [
    { bytes: Buffer.from('payload'), mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' },
  ];

  test.for([
    { name: 'legacy signature of a tag: 2', byTag: true, trips: 2 },
    { name: 'legacy signature of a digest: 1', byTag: false, trips: 1 },
  ])('$name', async ({ byTag, trips }) => {
    const { registry, client } = await world({ latencyMs: 25, referrersApi: false });
    const image = await pushImage(registry, 'demo', { tag: 'v1' });
    await pushLegacySignature(registry, 'demo', image.digest, layers);
    const repository = { host: registry.host, path: 'demo' };
    const lookAt = (digest: typeof image.digest): Promise<unknown> =>
      Promise.all([
        client.manifest({ ...repository, reference: `${digest.replace(':', '-')}.sig` }, signal()),
        client.referrers(repository, digest, signal()),
      ]);
    if (byTag) await lookAt((await client.manifest({ ...repository, reference: 'v1' }, signal())).digest);
    else
      await Promise.all([
        client.manifest({ ...repository, reference: image.digest }, signal()),
        lookAt(image.digest),
      ]);
    expect(registry.journal.roundTrips).toBe(trips);
  });

  test.for([
    { name: 'bundle for a tag: 4', byTag: true, api: true, trips: 4 },
    { name: 'bundle for a digest: 3', byTag: false, api: true, trips: 3 },
    { name: 'bundle for a tag, listed by the fallback tag: 4', byTag: true, api: false, trips: 4 },
  ])('$name', async ({ byTag, api, trips }) => {
    const { registry, client } = await world({ latencyMs: 25, referrersApi: api });
    const image = await pushImage(registry, 'demo', { tag: 'v1' });
    const bundle = await pushArtifact(registry, 'demo', {
      layers,
      artifactType: 'application/x',
      subject: image,
    });
    if (!api) await pushIndex(registry, 'demo', { manifests: [bundle], tag: image.digest.replace(':', '-') });
    const repository = { host: registry.host, path: 'demo' };
    const resolved = byTag
      ? (await client.manifest({ ...repository, reference: 'v1' }, signal())).digest
      : image.digest;
    const { descriptors } = await client.referrers(repository, resolved, signal());
    const manifest = await client.manifest(
      { ...repository, reference: descriptors[0]?.digest ?? '' },
      signal(),
    );
    if (manifest.kind !== 'image' || manifest.layers[0] === undefined) throw new Error('expected a layer');
    await client.blob(repository, manifest.layers[0], signal(), 1_000);
    expect(registry.journal.roundTrips).toBe(trips);
  });
});

describe('a registry on this machine', () => {
  const target = (host: string) => ({ host, path: 'demo', reference: 'v1' });

  test('D13 is not asked where an image names it and the operator did not', async () => {
    const { registry } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    const transport = createTransport();
    cleanups.push(() => transport.close());
    const client = new RegistryClient({ transport });
    expect(await outcomeOf(client.manifest(target(registry.host), signal()))).toBe('refused-by-policy');
    expect(registry.journal.entries).toEqual([]);
  });

  test('is asked where a pattern or a setting names it', async () => {
    const { registry, client } = await world();
    await pushImage(registry, 'demo', { tag: 'v1' });
    expect(await outcomeOf(client.manifest(target(registry.host), signal()))).toBe('ok');
  });

  test('D13 a metadata address is not asked, whoever names it', async () => {
    const host = '169.254.169.254';
    const { client } = await world({}, { registries: [{ host }], namedHosts: new Set([host]) });
    expect(await outcomeOf(client.manifest(target(host), signal()))).toBe('refused-by-policy');
  });
});

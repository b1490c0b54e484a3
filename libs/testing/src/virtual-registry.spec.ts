import { request } from 'node:https';

import { expect, test } from 'vitest';

import { startRealRegistry } from './real-registry.js';
import { VirtualRegistry } from './virtual-registry.js';
import { TestAuthority } from './virtual-registry-certificate.js';
import { pushArtifact, pushImage } from './virtual-registry-images.js';
import { Journal } from './virtual-registry-journal.js';
import { RegistryPusher } from './virtual-registry-push.js';

const get = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(5_000) });

test('what is pushed over HTTP is what is pulled', async () => {
  await using registry = await VirtualRegistry.start();
  const image = await pushImage(new RegistryPusher(registry.origin), 'demo/app', { tag: 'v1' });
  const response = await get(`${registry.origin}/v2/demo/app/manifests/v1`);
  expect(response.headers.get('docker-content-digest')).toBe(image.digest);
  expect((await response.arrayBuffer()).byteLength).toBe(image.size);
  expect(await (await get(`${registry.origin}/v2/demo/app/tags/list`)).json()).toEqual({
    name: 'demo/app',
    tags: ['v1'],
  });
});

test('a referrer is listed by its own artifactType', async () => {
  await using registry = await VirtualRegistry.start();
  const subject = await pushImage(registry, 'demo');
  const referrer = await pushArtifact(registry, 'demo', { layers: [], artifactType: 'a/b', subject });
  const response = await get(`${registry.origin}/v2/demo/referrers/${subject.digest}`);
  expect(response.headers.get('content-type')).toBe('application/vnd.oci.image.index.v1+json');
  expect(await response.json()).toMatchObject({
    manifests: [{ digest: referrer.digest, artifactType: 'a/b' }],
  });
});

test('misbehaviour is for the nth request that fits', async () => {
  await using registry = await VirtualRegistry.start();
  registry.misbehave({ path: /^\/v2\/$/, nth: 2, toxic: { kind: 'answer', status: 418 } });
  const statuses = [];
  for (let at = 0; at < 3; at += 1) statuses.push((await get(`${registry.origin}/v2/`)).status);
  expect(statuses).toEqual([200, 418, 200]);
  expect(registry.journal.lines).toEqual(['GET /v2/ 200', 'GET /v2/ 418', 'GET /v2/ 200']);
});

test('its certificates hold for its authority', async () => {
  const authority = new TestAuthority();
  await using registry = await VirtualRegistry.start({ tls: authority.issue() });
  const status = await new Promise((resolve, reject) => {
    request(`${registry.origin}/v2/`, { ca: authority.pem, agent: false }, (response) => {
      resolve(response.resume().statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
});

test.for<{ name: string; spans: readonly (readonly [number, number])[]; trips: number }>([
  { name: 'nothing', spans: [], trips: 0 },
  {
    name: 'one after the other',
    spans: [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
    trips: 3,
  },
  {
    name: 'all at once',
    spans: [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
    trips: 1,
  },
  {
    name: 'two beside one',
    spans: [
      [0, 9],
      [1, 2],
      [3, 4],
    ],
    trips: 2,
  },
])('round trips of $name', ({ spans, trips }) => {
  const journal = new Journal();
  for (const [startedMs, endedMs] of spans) {
    journal.open({ method: 'GET', path: '/', headers: {} })(200);
    Object.assign(journal.entries.at(-1) ?? {}, { startedMs, endedMs });
  }
  expect(journal.roundTrips).toBe(trips);
});

test('the real registry starts, answers and stops', async () => {
  const registry = await startRealRegistry();
  expect((await get(`http://${registry.host}/v2/`)).status).toBe(200);
  await registry.stop();
  await expect(get(`http://${registry.host}/v2/`)).rejects.toThrow();
});

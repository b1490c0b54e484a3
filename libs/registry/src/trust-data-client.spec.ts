import { expect, test } from 'vitest';

import { VirtualNotary, VirtualNotaryTransport, virtualNotaryKeys } from '#testing';

import { Credentials } from './credentials.js';
import { TransportError } from './transport-error.js';
import { TrustDataClient } from './trust-data-client.js';

const NAME = 'registry.example/acme/app';
const HASH = 'a'.repeat(64);
const signal = AbortSignal.timeout(60_000);

function clientOf(
  transport: VirtualNotaryTransport,
  options: { server?: string; credentials?: Credentials } = {},
) {
  const { server = 'https://notary.example', credentials = Credentials.none } = options;
  return new TrustDataClient({
    transport,
    server: new URL(server),
    credentials,
    random: () => 0,
    now: () => 0,
  });
}

async function published(): Promise<VirtualNotary> {
  const notary = new VirtualNotary(virtualNotaryKeys());
  const collection = await notary.collection(NAME);
  collection.publish();
  return notary;
}

test('files come from their place, and what is not there is nothing', async () => {
  const transport = new VirtualNotaryTransport(await published());
  const client = clientOf(transport, { server: 'https://notary.example/prefix/' });
  expect(client.origin).toBe('https://notary.example');
  await client.file(NAME, 'root', 1000, signal);
  expect(transport.requests[0]?.url.href).toBe(
    `https://notary.example/prefix/v2/${NAME}/_trust/tuf/root.json`,
  );
  const plain = clientOf(transport);
  expect((await plain.file(NAME, 'root', 10_000, signal))?.byteLength).toBeGreaterThan(500);
  expect(await plain.file(NAME, `targets/releases.${HASH}`, 1000, signal)).toBeUndefined();
  expect(transport.requests.at(-1)).toMatchObject({
    purpose: 'trust-data',
    maxBytes: 1000,
    reach: 'loopback',
  });
});

test.for([
  '../root',
  'root.json',
  'targets/../root',
  'targets//a',
  '/root',
  'ROOT',
  'root?x',
  'root%2e',
  '',
  'a.b',
  `root.${HASH}x`,
])('T23: %j is no file', async (name) => {
  const transport = new VirtualNotaryTransport(new VirtualNotary(virtualNotaryKeys()));
  await expect(clientOf(transport).file(NAME, name, 1000, signal)).rejects.toThrow(TypeError);
  expect(transport.requests).toEqual([]);
});

test.for(['app', '../app', 'a/../b', 'a//b', 'a/b?c', 'a/%2e', ''])(
  'T23: %j is no collection',
  async (collection) => {
    const transport = new VirtualNotaryTransport(new VirtualNotary(virtualNotaryKeys()));
    await expect(clientOf(transport).file(collection, 'root', 1000, signal)).rejects.toThrow(TypeError);
  },
);

test.for([
  { name: '401 without a challenge', status: 401, reason: 'unauthorized' },
  { name: '403', status: 403, reason: 'unauthorized' },
  { name: '429', status: 429, reason: 'rate-limited' },
  { name: '500', status: 500, reason: 'unreachable' },
  { name: '204', status: 204, reason: 'malformed' },
  {
    name: 'T29: a redirect to another host',
    status: 302,
    location: 'https://elsewhere.example/',
    reason: 'refused-by-policy',
  },
  {
    name: 'T29: a redirect to http',
    status: 302,
    location: 'http://notary.example/x',
    reason: 'refused-by-policy',
  },
])('T27: $name', async ({ status, location, reason }) => {
  const headers = new Map(location === undefined ? [] : [['location', location] as const]);
  const transport = new VirtualNotaryTransport(await published(), () => ({ status, headers }));
  await expect(clientOf(transport).file(NAME, 'root', 1000, signal)).rejects.toMatchObject({ reason });
});

test('a transport that fails is a registry error', async () => {
  const broken = new TransportError('unreachable', 'notary.example', 'EHOSTUNREACH');
  const transport = new VirtualNotaryTransport(await published(), () => broken);
  await expect(clientOf(transport).file(NAME, 'root', 1000, signal)).rejects.toMatchObject({
    reason: 'unreachable',
  });
});

test.for([
  { name: 'its own token server', realm: 'https://notary.example/token', isAllowed: true },
  {
    name: 'T29: a token server of somebody else',
    realm: 'https://elsewhere.example/token',
    isAllowed: false,
  },
  { name: 'T29: a token server without TLS', realm: 'http://notary.example/token', isAllowed: false },
])('credentials go to $name: $isAllowed', async ({ realm, isAllowed }) => {
  const credentials = new Credentials([{ key: 'notary.example', username: 'u', password: 'canary' }]);
  const challenge = new Map([
    ['www-authenticate', `Bearer realm="${realm}",service="s",scope="repository:x:push"`],
  ]);
  const transport = new VirtualNotaryTransport(await published(), (_name, { url, headers }) => {
    if (url.pathname === '/token') return { status: 200, body: Buffer.from('{"token":"t"}') };
    return headers['authorization'] === 'Bearer t' ? undefined : { status: 401, headers: challenge };
  });
  const asked = clientOf(transport, { credentials }).file(NAME, 'root', 10_000, signal);
  if (isAllowed) expect((await asked)?.byteLength).toBeGreaterThan(500);
  else await expect(asked).rejects.toMatchObject({ reason: 'refused-by-policy' });
  const token = transport.requests.find(({ url }) => url.pathname === '/token');
  expect(token === undefined).toBe(!isAllowed);
  if (token !== undefined) expect(token.url.searchParams.get('scope')).toBe(`repository:${NAME}:pull`);
});

test('a server that is none does not construct', () => {
  const transport = new VirtualNotaryTransport(new VirtualNotary(virtualNotaryKeys()));
  expect(() => clientOf(transport, { server: 'ftp://notary.example' })).toThrow(TypeError);
});

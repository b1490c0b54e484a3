// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { inspect } from 'node:util';

import { afterEach, describe, expect, test } from 'vitest';

import {
  pushImage,
  type RegistryAuth,
  TestAuthority,
  type Toxic,
  VirtualRegistry,
  type VirtualRegistryOptions,
} from '#testing';

import { createTransport } from './create-transport.js';
import { Credentials } from './credentials.js';
import { RegistryError } from './error.js';
import { RegistryClient, type RegistryClientOptions } from './registry-client.js';

const cleanups: (() => Promise<void>)[] = [];
const user = { username: 'user', password: 'canary-password' };

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

interface World {
  readonly registry: VirtualRegistry;
  readonly client: RegistryClient;
  readonly get: (path?: string) => Promise<string>;
}

/** Every registry of these tests: all of them are on this machine. */
const named = new Set<string>();

async function world(
  auth: RegistryAuth,
  credentials: Pick<typeof user, 'username' | 'password'> | undefined,
  rest: { registry?: VirtualRegistryOptions; client?: Partial<RegistryClientOptions> } = {},
): Promise<World> {
  const registry = await VirtualRegistry.start({ auth, ...rest.registry });
  for (const path of ['demo', 'other']) await pushImage(registry, path, { tag: 'v1' });
  const transport = createTransport();
  cleanups.push(
    () => registry.stop(),
    () => transport.close(),
  );
  const client = new RegistryClient({
    transport,
    namedHosts: named.add(registry.host),
    credentials:
      credentials === undefined
        ? Credentials.none
        : new Credentials([{ key: registry.host, ...credentials }]),
    random: () => 0,
    ...rest.client,
  });
  const get = (path = 'demo'): Promise<string> =>
    outcomeOf(client.manifest({ host: registry.host, path, reference: 'v1' }, AbortSignal.timeout(5_000)));
  return { registry, client, get };
}

async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'ok';
  } catch (error) {
    if (!(error instanceof RegistryError)) return String(error);
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
    return error.reason;
  }
}

describe('access', () => {
  test.for<{ name: string; auth: RegistryAuth; credentials: typeof user | undefined; is: string }>([
    { name: 'nothing asked', auth: { kind: 'none' }, credentials: undefined, is: 'ok' },
    { name: 'Basic', auth: { kind: 'basic', ...user }, credentials: user, is: 'ok' },
    {
      name: 'Basic, wrong password',
      auth: { kind: 'basic', ...user },
      credentials: { ...user, password: 'canary' },
      is: 'unauthorized',
    },
    {
      name: 'Basic, anonymous',
      auth: { kind: 'basic', ...user },
      credentials: undefined,
      is: 'unauthorized',
    },
    { name: 'Bearer', auth: { kind: 'bearer', user }, credentials: user, is: 'ok' },
    {
      name: 'Bearer, wrong password',
      auth: { kind: 'bearer', user },
      credentials: { ...user, password: 'canary' },
      is: 'unauthorized',
    },
    { name: 'Bearer, anonymous', auth: { kind: 'bearer' }, credentials: undefined, is: 'ok' },
    {
      name: 'Bearer, anonymous where a user is needed',
      auth: { kind: 'bearer', user },
      credentials: undefined,
      is: 'unauthorized',
    },
    {
      name: 'G23 a realm by http elsewhere',
      auth: { kind: 'bearer', realm: 'http://evil.example/token' },
      credentials: undefined,
      is: 'refused-by-policy',
    },
    {
      name: 'G23 a realm with userinfo',
      auth: { kind: 'bearer', realm: 'https://u:p@127.0.0.1/token' },
      credentials: undefined,
      is: 'refused-by-policy',
    },
    {
      name: 'G23 credentials are not sent to another owner',
      auth: { kind: 'bearer', realm: 'https://evil.example/token' },
      credentials: user,
      is: 'refused-by-policy',
    },
  ])('$name: $is', async ({ auth, credentials, is }) => {
    const { get } = await world(auth, credentials);
    expect(await get()).toBe(is);
  });

  test.for<{ name: string; toxic: Toxic; is: string }>([
    {
      name: 'T29 a token server that redirects',
      toxic: { kind: 'redirect', location: 'https://evil.example/' },
      is: 'refused-by-policy',
    },
    {
      name: 'G24 a huge token',
      toxic: { kind: 'answer', status: 200, body: `{"token":"${'a'.repeat(20_000)}"}` },
      is: 'malformed',
    },
    { name: 'G24 a huge answer', toxic: { kind: 'endless' }, is: 'too-large' },
    {
      name: 'G24 a negative life',
      toxic: { kind: 'answer', status: 200, body: '{"token":"a","expires_in":-1}' },
      is: 'malformed',
    },
    {
      name: 'G24 a token that opens nothing',
      toxic: { kind: 'answer', status: 200, body: '{"token":"a"}' },
      is: 'unauthorized',
    },
    { name: 'G36 HTML', toxic: { kind: 'html' }, is: 'malformed' },
    {
      name: 'a token server that has nothing says nothing about the image',
      toxic: { kind: 'answer', status: 404 },
      is: 'unauthorized',
    },
    { name: 'a token server with a fault', toxic: { kind: 'answer', status: 500 }, is: 'unreachable' },
    {
      name: 'G31 a token server that limits',
      toxic: { kind: 'answer', status: 429, headers: { 'retry-after': '100' } },
      is: 'rate-limited',
    },
    { name: 'one fault of a token server', toxic: { kind: 'headers', headers: {} }, is: 'ok' },
  ])('$name: $is', async ({ toxic, is }) => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    registry.misbehave({ path: /^\/token/, toxic });
    expect(await get()).toBe(is);
  });
});

describe('tokens', () => {
  test('the first request pays for the challenge, the next ones do not', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    await get();
    expect(registry.journal.lines).toEqual([
      'GET /v2/demo/manifests/v1 401',
      'GET /token?service=virtual+registry&scope=repository%3Ademo%3Apull 200',
      'GET /v2/demo/manifests/v1 200',
    ]);
    registry.journal.clear();
    await get();
    expect(registry.journal.lines).toEqual(['GET /v2/demo/manifests/v1 200']);
  });

  test('G24 a token is for one repository', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    await get();
    registry.journal.clear();
    expect(await get('other')).toBe('ok');
    expect(registry.journal.lines.map((line) => line.split('?')[0])).toEqual([
      'GET /token',
      'GET /v2/other/manifests/v1 200',
    ]);
  });

  test('G24 a scope that the challenge widens is not asked for', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    const challenge = `Bearer realm="${registry.origin}/token",service="virtual registry",scope="repository:secret:pull,push"`;
    registry.misbehave({
      path: /manifests/,
      nth: 1,
      toxic: { kind: 'answer', status: 401, headers: { 'www-authenticate': challenge } },
    });
    expect(await get()).toBe('ok');
    expect(registry.journal.lines[1]).toContain('scope=repository%3Ademo%3Apull ');
  });

  test('concurrent requests share one token', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user, { registry: { latencyMs: 10 } });
    await Promise.all(Array.from({ length: 10 }, () => get()));
    expect(registry.journal.count(/^\/token/)).toBe(1);
  });

  test('one caller who gives up does not take the token from the others', async () => {
    const { registry, client, get } = await world({ kind: 'bearer', user }, user, {
      registry: { latencyMs: 40 },
    });
    const target = { host: registry.host, path: 'demo', reference: 'v1' };
    const impatient = outcomeOf(client.manifest(target, AbortSignal.timeout(60)));
    expect([await impatient, await get()]).toEqual(['timed-out', 'ok']);
    expect(registry.journal.count(/^\/token/)).toBe(1);
  });

  test('a token is renewed before it ends', async () => {
    let now = 0;
    const { registry, get } = await world({ kind: 'bearer', user, lifeSeconds: 300 }, user, {
      client: { now: () => now },
    });
    await get();
    now = 289_000;
    await get();
    expect(registry.journal.count(/^\/token/)).toBe(1);
    now = 291_000;
    await get();
    expect(registry.journal.count(/^\/token/)).toBe(2);
    expect(registry.journal.lines.filter((line) => line.endsWith(' 401'))).toHaveLength(1);
  });

  test('a token that the registry took back is replaced', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    await get();
    registry.auth.revokeAll();
    expect(await get()).toBe('ok');
    expect(registry.journal.count(/^\/token/)).toBe(2);
  });

  test('H08 after a fault of the token server the registry is asked again who it is', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    await get();
    registry.misbehave({ path: /^\/token/, nth: 1, toxic: { kind: 'answer', status: 404 } });
    expect(await get('other')).toBe('unauthorized');
    registry.journal.clear();
    expect(await get('other')).toBe('ok');
    expect(registry.journal.lines[0]).toBe('GET /v2/other/manifests/v1 401');
  });

  test('a caller whose time is over leaves no unhandled error', async () => {
    const { registry, client, get } = await world({ kind: 'bearer', user }, user);
    await get();
    registry.misbehave({ path: /^\/token/, toxic: { kind: 'answer', status: 404 } });
    const target = { host: registry.host, path: 'other', reference: 'v1' };
    expect(await outcomeOf(client.manifest(target, AbortSignal.abort()))).toBe('timed-out');
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  });

  test('Basic is sent at once when it is known to be wanted', async () => {
    const { registry, get } = await world({ kind: 'basic', ...user }, user);
    await get();
    await get('other');
    expect(registry.journal.lines.map((line) => line.slice(-3))).toEqual(['401', '200', '200']);
  });

  test('credentials that were refused are not sent twice in a row', async () => {
    const { registry, get } = await world({ kind: 'basic', ...user }, { ...user, password: 'canary' });
    await get();
    registry.journal.clear();
    expect([await get(), registry.journal.entries.length]).toEqual(['unauthorized', 1]);
  });

  test('H08 a refused token is asked for again', async () => {
    const { registry, get } = await world({ kind: 'bearer', user }, user);
    registry.misbehave({ path: /^\/token/, nth: 1, toxic: { kind: 'answer', status: 401 } });
    expect([await get(), await get()]).toEqual(['unauthorized', 'ok']);
  });
});

test('G25 credentials of one port are not sent to another', async () => {
  const { registry, get } = await world({ kind: 'basic', ...user }, undefined, {
    client: { credentials: new Credentials([{ key: '127.0.0.1', ...user }]) },
  });
  expect(await get()).toBe('unauthorized');
  expect(registry.journal.entries.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
});

test('TLS, Bearer and an authority work together', async () => {
  const authority = new TestAuthority();
  const { get } = await world({ kind: 'bearer', user }, user, {
    registry: { tls: authority.issue() },
    client: { ca: authority.pem },
  });
  expect(await get()).toBe('ok');
});

test('G33 two tenants, each with its own authority and credentials, at once', async () => {
  const [one, other] = [new TestAuthority('one'), new TestAuthority('other')];
  const transport = createTransport();
  cleanups.push(() => transport.close());
  const secure = (
    authority: TestAuthority,
  ): { registry: VirtualRegistryOptions; client: Partial<RegistryClientOptions> } => ({
    registry: { tls: authority.issue() },
    client: { ca: authority.pem, transport },
  });
  const first = await world({ kind: 'basic', ...user }, user, secure(one));
  const second = await world(
    { kind: 'basic', username: 'b', password: 'b' },
    { username: 'b', password: 'b' },
    secure(other),
  );
  const across = (from: World, to: World): Promise<string> =>
    outcomeOf(
      from.client.manifest(
        { host: to.registry.host, path: 'demo', reference: 'v1' },
        AbortSignal.timeout(5_000),
      ),
    );
  const outcomes = await Promise.all([
    first.get(),
    second.get(),
    across(first, second),
    across(second, first),
    first.get(),
    second.get(),
  ]);
  expect(outcomes).toEqual(['ok', 'ok', 'unreachable', 'unreachable', 'ok', 'ok']);
});

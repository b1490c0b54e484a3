// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { afterEach, describe, expect, test } from 'vitest';

import { TestAuthority, type Toxic, VirtualRegistry, type VirtualRegistryOptions } from '#testing';

import { createTransport, type TransportOptions } from './create-transport.js';
import type { HttpAnswer, HttpRequest, HttpTransport, RequestReport } from './http-transport.js';
import { TRANSPORT_LIMITS } from './limits.js';
import { TransportError } from './transport-error.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

async function startRegistry(options?: VirtualRegistryOptions): Promise<VirtualRegistry> {
  const registry = await VirtualRegistry.start(options);
  cleanups.push(() => registry.stop());
  return registry;
}

function openTransport(options?: TransportOptions): HttpTransport {
  const transport = createTransport(options);
  cleanups.push(() => transport.close());
  return transport;
}

const signal = (): AbortSignal => AbortSignal.timeout(5_000);

function get(url: string, rest: Partial<HttpRequest> = {}): HttpRequest {
  const base = {
    method: 'GET',
    headers: {},
    maxBytes: 1_024,
    purpose: 'other',
    reach: 'loopback',
    insecurePlainHttp: true,
  } as const;
  return { ...base, url: new URL(url), ...rest };
}

async function outcomeOf(answer: Promise<HttpAnswer>): Promise<string> {
  try {
    return String((await answer).status);
  } catch (error) {
    return error instanceof TransportError ? `${error.reason} ${error.detail}` : String(error);
  }
}

describe('bounds', () => {
  test.for<{ name: string; toxic: Toxic; is: string; within?: AbortSignal }>([
    {
      name: 'an answer within bounds',
      toxic: { kind: 'answer', status: 200, body: 'x'.repeat(1_024) },
      is: '200',
    },
    { name: 'G17 an endless body', toxic: { kind: 'endless' }, is: 'too-large BODY' },
    {
      name: 'G17 a body one byte too long',
      toxic: { kind: 'answer', status: 200, body: 'x'.repeat(1_025) },
      is: 'too-large BODY',
    },
    {
      name: 'G18 a gzip bomb',
      toxic: { kind: 'gzip-bomb', unpackedBytes: 1 << 24 },
      is: 'malformed CONTENT_ENCODING',
    },
    {
      name: 'G18 stacked encodings',
      toxic: { kind: 'answer', status: 200, headers: { 'content-encoding': 'gzip, gzip, br' } },
      is: 'malformed CONTENT_ENCODING',
    },
    { name: 'G16 a truncated body', toxic: { kind: 'truncated' }, is: 'unreachable UND_ERR_SOCKET' },
    { name: 'G16 a reset', toxic: { kind: 'reset' }, is: 'unreachable ECONNRESET' },
    {
      name: 'a header too long',
      toxic: { kind: 'answer', status: 200, headers: { x: 'x'.repeat(20_000) } },
      is: 'too-large UND_ERR_HEADERS_OVERFLOW',
    },
    {
      name: 'too many headers',
      toxic: {
        kind: 'answer',
        status: 200,
        headers: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`h${at}`, ''])),
      },
      is: 'too-large HEADERS_COUNT',
    },
    {
      name: 'a long error page keeps its status',
      toxic: { kind: 'answer', status: 404, body: 'x'.repeat(200_000) },
      is: '404',
    },
    {
      name: 'an encoded error page keeps its status',
      toxic: { kind: 'answer', status: 503, headers: { 'content-encoding': 'gzip' }, body: 'x' },
      is: '503',
    },
  ])('$name', async ({ toxic, is }) => {
    const registry = await startRegistry();
    registry.misbehave({ path: /./, toxic });
    expect(await outcomeOf(openTransport().request(get(`${registry.origin}/v2/`), signal()))).toBe(is);
  });

  test('G17 a drip ends at the caller’s deadline', async () => {
    const registry = await startRegistry();
    registry.misbehave({ path: /./, toxic: { kind: 'drip', everyMs: 30 } });
    await registry.pushManifest('a', { bytes: Buffer.alloc(1_000), mediaType: 'x', tag: 't' });
    const started = performance.now();
    const outcome = await outcomeOf(
      openTransport().request(get(`${registry.origin}/v2/a/manifests/t`), AbortSignal.timeout(200)),
    );
    expect(outcome).toBe('timed-out DEADLINE');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('G17 a server that says nothing ends at our own deadline', async () => {
    const registry = await startRegistry();
    registry.misbehave({ path: /./, toxic: { kind: 'hang' } });
    const transport = openTransport({ requestMs: 100 });
    expect(await outcomeOf(transport.request(get(`${registry.origin}/v2/`), signal()))).toBe(
      'timed-out DEADLINE',
    );
  });

  test('a signal that has ended asks nothing', async () => {
    const registry = await startRegistry();
    const outcome = await outcomeOf(
      openTransport().request(get(`${registry.origin}/v2/`), AbortSignal.abort()),
    );
    expect([outcome, registry.journal.entries.length]).toEqual(['timed-out DEADLINE', 0]);
  });
});

describe('what is sent', () => {
  test('identity is asked for, whatever the caller says, and redirects are answers', async () => {
    const registry = await startRegistry();
    registry.misbehave({ path: /./, toxic: { kind: 'redirect', location: 'https://elsewhere.example/' } });
    const request = get(`${registry.origin}/v2/?a=b`, {
      headers: { accept: 'x/y', 'accept-encoding': 'gzip' },
    });
    const answer = await openTransport({ userAgent: 'connaisseur/4' }).request(request, signal());
    expect([answer.status, answer.headers.get('location')]).toEqual([307, 'https://elsewhere.example/']);
    expect(registry.journal.entries[0]?.path).toBe('/v2/?a=b');
    expect(registry.journal.entries[0]?.headers).toMatchObject({
      accept: 'x/y',
      'accept-encoding': 'identity',
      'user-agent': 'connaisseur/4',
    });
  });

  test('a body is posted', async () => {
    const registry = await startRegistry();
    const request = get(`${registry.origin}/v2/a/blobs/uploads/`, { method: 'POST', body: 'hello' });
    expect((await openTransport().request(request, signal())).status).toBe(202);
  });

  test.for([
    {
      name: 'G39 plain HTTP that nobody allowed',
      url: 'http://127.0.0.1:1/',
      rest: { insecurePlainHttp: false },
      is: 'refused-by-policy PLAIN_HTTP',
    },
    { name: 'G21 another scheme', url: 'file:///etc/passwd', rest: {}, is: 'refused-by-policy SCHEME' },
    { name: 'G23 userinfo', url: 'https://u:p@127.0.0.1:1/', rest: {}, is: 'refused-by-policy USER_INFO' },
  ])('$name', async ({ url, rest, is }) => {
    expect(await outcomeOf(openTransport().request(get(url, rest), signal()))).toBe(is);
  });

  test('G38 a proxy in the environment changes nothing', async () => {
    const [registry, proxy] = [await startRegistry(), await startRegistry()];
    const names = [
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'http_proxy',
      'https_proxy',
      'ALL_PROXY',
      'NODE_USE_ENV_PROXY',
    ];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.origin;
    try {
      expect((await openTransport().request(get(`${registry.origin}/v2/`), signal())).status).toBe(200);
    } finally {
      names.forEach((name, at) => {
        if (before[at] === undefined) delete process.env[name];
        else process.env[name] = before[at];
      });
    }
    expect([registry.journal.entries.length, proxy.journal.entries.length]).toEqual([1, 0]);
  });
});

describe('addresses', () => {
  test.for<{ name: string; addresses: readonly string[]; reach: HttpRequest['reach']; is: string }>([
    { name: 'a loopback address, permitted', addresses: ['127.0.0.1'], reach: 'loopback', is: '200' },
    {
      name: 'G21 loopback behind a name',
      addresses: ['127.0.0.1'],
      reach: 'private',
      is: 'refused-by-policy ADDRESS_OUT_OF_REACH',
    },
    {
      name: 'G21 private behind a name',
      addresses: ['10.0.0.1'],
      reach: 'public',
      is: 'refused-by-policy ADDRESS_OUT_OF_REACH',
    },
    {
      name: 'G21 metadata behind a name',
      addresses: ['169.254.169.254'],
      reach: 'loopback',
      is: 'refused-by-policy ADDRESS_OUT_OF_REACH',
    },
    {
      name: 'the permitted one of two',
      addresses: ['169.254.169.254', '127.0.0.1'],
      reach: 'loopback',
      is: '200',
    },
    { name: 'no address', addresses: [], reach: 'loopback', is: 'unreachable ENOTFOUND' },
  ])('$name', async ({ addresses, reach, is }) => {
    const registry = await startRegistry();
    const transport = openTransport({
      resolve: () => Promise.resolve(addresses.map((address) => ({ address, family: 4 }))),
    });
    const url = `http://registry.example:${registry.host.split(':')[1]}/v2/`;
    expect(await outcomeOf(transport.request(get(url, reach === undefined ? {} : { reach }), signal()))).toBe(
      is,
    );
  });

  test.for([
    { name: 'G21 a literal loopback address', url: 'http://127.0.0.1:1/' },
    { name: 'G21 a bracketed one', url: 'http://[::1]:1/' },
    { name: 'G21 one in decimal', url: 'http://2130706433:1/' },
    { name: 'G21 one in hex', url: 'http://0x7f.1:1/' },
    { name: 'G21 a mapped one', url: 'http://[::ffff:127.0.0.1]:1/' },
  ])('$name is out of a public request’s reach', async ({ url }) => {
    expect(await outcomeOf(openTransport().request(get(url, { reach: 'public' }), signal()))).toBe(
      'refused-by-policy ADDRESS_OUT_OF_REACH',
    );
  });

  test('G22 the address that was judged is the one that is used', async () => {
    const registry = await startRegistry();
    const answers = ['127.0.0.1', '169.254.169.254'];
    let asked = 0;
    const transport = openTransport({
      resolve: () => Promise.resolve([{ address: answers[asked++] ?? '', family: 4 }]),
    });
    const url = `http://registry.example:${registry.host.split(':')[1]}/v2/`;
    const answer = await transport.request(get(url), signal());
    expect([answer.status, answer.network, asked]).toEqual([200, 'loopback', 1]);
  });
});

describe('TLS', () => {
  const authority = new TestAuthority();
  const valid = authority.issue();
  const year = 365 * 86_400_000;
  const expired = authority.issue(undefined, {
    notBefore: new Date(Date.now() - 2 * year),
    notAfter: new Date(Date.now() - year),
  });

  test.for<{ name: string; tls: VirtualRegistryOptions['tls']; ca: string | undefined; is: RegExp }>([
    { name: 'the authority that is configured', tls: valid, ca: authority.pem, is: /^200$/ },
    {
      name: 'G32 an authority that nobody configured',
      tls: valid,
      ca: undefined,
      is: /^unreachable UNABLE_TO_VERIFY/,
    },
    {
      name: 'G32 another authority of the same name',
      tls: valid,
      ca: new TestAuthority().pem,
      is: /^unreachable /,
    },
    { name: 'G32 expired', tls: expired, ca: authority.pem, is: /^unreachable CERT_HAS_EXPIRED$/ },
    {
      name: 'G32 another name',
      tls: authority.issue(['registry.example']),
      ca: authority.pem,
      is: /^unreachable ERR_TLS_CERT_ALTNAME_INVALID$/,
    },
    { name: 'G32 TLS 1.1', tls: { ...valid, maxVersion: 'TLSv1.1' }, ca: authority.pem, is: /^unreachable / },
    { name: 'TLS 1.2', tls: { ...valid, maxVersion: 'TLSv1.2' }, ca: authority.pem, is: /^200$/ },
  ])('$name', async ({ tls, ca, is }) => {
    const registry = await startRegistry({ tls: tls ?? valid });
    const request = get(`${registry.origin}/v2/`, ca === undefined ? {} : { ca });
    expect(await outcomeOf(openTransport().request(request, signal()))).toMatch(is);
  });

  test('G32 the environment cannot switch verification off', async () => {
    const registry = await startRegistry({ tls: valid });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await outcomeOf(openTransport().request(get(`${registry.origin}/v2/`), signal()))).toMatch(
        /^unreachable /,
      );
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  test('G33 one caller’s authority is not another’s, also at the same time and on an open connection', async () => {
    const registry = await startRegistry({ tls: valid, latencyMs: 5 });
    const transport = openTransport();
    const ask = (ca?: string): Promise<string> =>
      outcomeOf(transport.request(get(`${registry.origin}/v2/`, ca === undefined ? {} : { ca }), signal()));
    await ask(authority.pem);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => ask(at % 2 === 0 ? authority.pem : undefined)),
    );
    expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome.startsWith('unreachable'))).toHaveLength(10);
  });

  test('an error quotes nothing of the certificate', async () => {
    const registry = await startRegistry({ tls: authority.issue(['canary.example']) });
    const error = await openTransport()
      .request(get(`${registry.origin}/v2/`, { ca: authority.pem }), signal())
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransportError);
    expect(`${JSON.stringify(error)}${String(error)}${String((error as Error).cause)}`).not.toContain(
      'canary',
    );
  });
});

test('the observer hears of every request, once', async () => {
  const registry = await startRegistry();
  registry.misbehave({ path: /gone/, toxic: { kind: 'reset' } });
  const reports: RequestReport[] = [];
  const transport = openTransport({ onRequest: (report) => reports.push(report) });
  await transport.request(get(`${registry.origin}/v2/`), signal());
  await outcomeOf(transport.request(get(`${registry.origin}/gone`, { purpose: 'blob' }), signal()));
  expect(reports.map(({ host, purpose, status }) => [host, purpose, status])).toEqual([
    [registry.host, 'other', 200],
    [registry.host, 'blob', 'unreachable'],
  ]);
  expect(reports.every(({ ms }) => ms >= 0)).toBe(true);
});

test('origins are bounded; the one unused for longest is opened again', { tags: ['thorough'] }, async () => {
  const registry = await startRegistry();
  const transport = openTransport({ resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) });
  const port = registry.host.split(':')[1];
  const names = [
    'first',
    ...Array.from({ length: TRANSPORT_LIMITS.originsCount + 1 }, (_, at) => `n${at}`),
    'first',
  ];
  for (const name of names) {
    expect((await transport.request(get(`http://${name}.example:${port}/v2/`), signal())).status).toBe(200);
  }
});

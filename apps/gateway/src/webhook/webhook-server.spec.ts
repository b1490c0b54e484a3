// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makeOwnCertificate, type OwnCertificate } from '../../../standalone/src/own-certificate.js';
import { FixedTls, TlsSource, type TlsMaterial } from './tls-material.js';
import { parseTimeout } from './request-target.js';
import { type ReviewCall, WebhookServer } from './webhook-server.js';

interface Sent {
  status: number;
  body: string;
  connection: string | undefined;
}

class SwappableTls extends TlsSource {
  material: TlsMaterial;

  constructor(material: TlsMaterial) {
    super();
    this.material = material;
  }

  override read(): TlsMaterial {
    return this.material;
  }
}

let pair: OwnCertificate;
let port: number;
let server: WebhookServer;
let calls: ReviewCall[] = [];
let ready = true;
let counted = 0;
const tls = { source: undefined as SwappableTls | undefined };

beforeAll(async () => {
  pair = await makeOwnCertificate([], new Date());
  tls.source = new SwappableTls(pair);
  server = new WebhookServer({
    tls: tls.source,
    handler: {
      review: async (body, call) => {
        calls.push(call);
        return { status: 200, contentType: 'application/json', body: `{"length":${body.length}}` };
      },
      isReady: () => ready,
      onRequest: () => {
        counted += 1;
      },
    },
    onError: () => undefined,
  });
  ({ port } = await server.listen('127.0.0.1', 0));
});

afterAll(async () => {
  await server.close();
});

function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const call = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'POST',
        ca: pair.ca,
        headers: options.headers ?? { 'Content-Type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            connection: response.headers.connection,
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(options.body);
  });
}

describe('what the server answers', () => {
  test.for([
    {
      name: 'a review is handed on (S15 twin)',
      path: '/mutate?timeout=5s',
      options: { body: '{}' },
      status: 200,
    },
    {
      name: 'a charset in the content type is no fault',
      path: '/validate',
      options: { body: '{}', headers: { 'Content-Type': 'application/json; charset=utf-8' } },
      status: 200,
    },
    {
      name: 'S15 another content type',
      path: '/mutate',
      options: { body: '{}', headers: { 'Content-Type': 'text/plain' } },
      status: 400,
    },
    { name: 'S15 another method', path: '/mutate', options: { method: 'GET' }, status: 405 },
    { name: 'S15 another path', path: '/other', options: { body: '{}' }, status: 404 },
    {
      name: 'S07 a compressed body',
      path: '/mutate',
      options: { body: '{}', headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } },
      status: 415,
    },
    {
      name: 'S02 a body over 8 MiB',
      path: '/mutate',
      options: { body: Buffer.alloc(8 * 1024 * 1024 + 1, 0x20) },
      status: 413,
    },
    {
      name: 'S01 a body of 7 MiB',
      path: '/mutate',
      options: { body: Buffer.alloc(7 * 1024 * 1024, 0x20) },
      status: 200,
    },
    { name: 'health', path: '/health', options: { method: 'GET' }, status: 200 },
    { name: 'health by POST', path: '/health', options: {}, status: 405 },
    { name: 'ready', path: '/ready', options: { method: 'GET' }, status: 200 },
  ])('$name', async ({ path, options, status }) => {
    expect((await send(path, options)).status).toBe(status);
  });

  test('not ready is said by the probe', async () => {
    ready = false;
    expect((await send('/ready', { method: 'GET' })).status).toBe(503);
    ready = true;
  });

  test('S16 the API server’s timeout reaches the handler, and every call of a webhook is counted', async () => {
    calls = [];
    counted = 0;
    await send('/mutate?timeout=3s', { body: '{}' });
    await send('/mutate', { method: 'GET' });
    expect(calls).toEqual([{ phase: 'mutate', timeoutMs: 3000, receivedAt: expect.any(Number) }]);
    expect(counted).toBe(2);
  });
});

describe('TLS', () => {
  test('S11 TLS 1.1 is refused, 1.2 is spoken', async () => {
    await expect(handshake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow();
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
  });

  test('F25 a new certificate is shown to new connections; a broken one changes nothing', async () => {
    const next = await makeOwnCertificate(['next.example'], new Date());
    if (tls.source === undefined) throw new Error('not started');
    const before = await serial();
    tls.source.material = { cert: 'broken', key: 'broken' };
    server.reloadTls();
    expect(await serial()).toBe(before);
    tls.source.material = next;
    server.reloadTls();
    expect(await serial()).not.toBe(before);
    tls.source.material = pair;
    server.reloadTls();
    expect((await send('/mutate', { body: '{}' })).status).toBe(200);
  });
});

function handshake(versions: {
  minVersion?: 'TLSv1.1';
  maxVersion: 'TLSv1.1' | 'TLSv1.2';
}): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port, ca: pair.ca, ciphers: 'DEFAULT@SECLEVEL=0', ...versions },
      () => {
        resolve(socket.getProtocol());
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

function serial(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('F29 closing finishes what is in flight and tells the client not to come back', async () => {
  const gate = Promise.withResolvers<void>();
  const slow = new WebhookServer({
    tls: new FixedTls(pair),
    handler: {
      review: async () => {
        await gate.promise;
        return { status: 200, contentType: 'application/json', body: '{}' };
      },
      isReady: () => true,
      onRequest: () => undefined,
    },
    onError: () => undefined,
  });
  const kept = port;
  ({ port } = await slow.listen('127.0.0.1', 0));
  const answer = send('/mutate', { body: '{}' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = slow.close();
  gate.resolve();
  expect(await answer).toMatchObject({ status: 200, connection: 'close' });
  await closed;
  await expect(send('/mutate', { body: '{}' })).rejects.toThrow();
  port = kept;
});

test.for([
  { name: 'seconds', query: 'timeout=10s', ms: 10_000 },
  { name: 'milliseconds', query: 'timeout=1500ms', ms: 1_500 },
  { name: 'among others', query: 'a=b&timeout=7s', ms: 7_000 },
  { name: 'none', query: '', ms: 10_000 },
  { name: 'not a duration', query: 'timeout=soon', ms: 10_000 },
  { name: 'zero', query: 'timeout=0s', ms: 10_000 },
  { name: 'more than the API allows', query: 'timeout=9999s', ms: 30_000 },
])('a timeout of $name is $ms ms', ({ query, ms }) => {
  expect(parseTimeout(query)).toBe(ms);
});

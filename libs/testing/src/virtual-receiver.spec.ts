import { request as httpsRequest } from 'node:https';

import * as x509 from '@peculiar/x509';
import { afterEach, expect, test } from 'vitest';

import { type ReceiverBehaviour, VirtualReceiver } from './virtual-receiver.js';

let receiver: VirtualReceiver | undefined;
afterEach(async () => receiver?.close());

async function post(url: string, signal: AbortSignal = AbortSignal.timeout(2000)): Promise<Response> {
  return await fetch(url, { method: 'POST', body: '{"a":1}', signal });
}

test('it keeps what it gets and says ok', async () => {
  receiver = await VirtualReceiver.start();
  const answer = await post(`${receiver.url}/hook?x=1`);
  expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
  expect(receiver.received).toMatchObject([
    { method: 'POST', path: '/hook?x=1', body: '{"a":1}', status: 200 },
  ]);
  expect(receiver.accepted).toHaveLength(1);
});

test.for<{ name: string; behaviour: ReceiverBehaviour; status: number; retryAfter: string | null }>([
  {
    name: '429 with Retry-After',
    behaviour: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
    status: 429,
    retryAfter: '1',
  },
  { name: '500', behaviour: { kind: 'answer', status: 500 }, status: 500, retryAfter: null },
  { name: '200 again', behaviour: { kind: 'answer', status: 200 }, status: 200, retryAfter: null },
])('it answers $name', async ({ behaviour, status, retryAfter }) => {
  receiver = await VirtualReceiver.start();
  receiver.behave(behaviour);
  const answer = await post(receiver.url);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
  expect(receiver.accepted).toHaveLength(status === 200 ? 1 : 0);
});

test.for<{ name: string; behaviour: ReceiverBehaviour }>([
  { name: 'hangs', behaviour: { kind: 'hang' } },
  { name: 'drops the connection', behaviour: { kind: 'close' } },
])('it $name, and keeps the request all the same', async ({ behaviour }) => {
  receiver = await VirtualReceiver.start();
  receiver.behave(behaviour);
  await expect(post(receiver.url, AbortSignal.timeout(150))).rejects.toThrow();
  expect(receiver.received).toMatchObject([{ status: undefined }]);
});

test('waiting ends with the condition, or with an error', async () => {
  const started = await VirtualReceiver.start();
  receiver = started;
  const waiting = started.until(({ received }) => received.length === 2, 2000);
  await post(started.url);
  await post(started.url);
  await waiting;
  await expect(started.until(({ received }) => received.length === 3, 20)).rejects.toThrow('not within');
});

test('it speaks TLS with a given certificate', async () => {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=127.0.0.1', keys });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const tls = { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), cert: certificate.toString('pem') };
  const started = await VirtualReceiver.start({ tls });
  receiver = started;
  const status = await new Promise((resolve, reject) => {
    httpsRequest(started.url, { method: 'POST', rejectUnauthorized: false }, (answer) =>
      resolve(answer.statusCode),
    )
      .on('error', reject)
      .end('{}');
  });
  expect(status).toBe(200);
});

// F25: the authority and the serving certificate change while requests come, and none of them fails.
import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { issueServing, joinBundle, type KeyPair, makeAuthority } from '#certificates';
import { TlsSource } from '#gateway';

import { WebhookServer } from '../../apps/gateway/src/webhook/webhook-server.js';

const NAME = 'connaisseur-svc.connaisseur.svc';
const NOW = new Date();
const LIFE = { now: NOW, lifetimeMs: 86_400_000 };
const WORKERS = 6;

class ChangingTls extends TlsSource {
  material: KeyPair;

  constructor(material: KeyPair) {
    super();
    this.material = material;
  }

  override read(): KeyPair {
    return this.material;
  }
}

let old: KeyPair;
let young: KeyPair;
let tls: ChangingTls;
let server: WebhookServer;
let port: number;
/** What an API server trusts at this moment. */
let bundle: string;

beforeAll(async () => {
  // One name, as an authority and its successor have.
  [old, young] = await Promise.all([makeAuthority('one name', LIFE), makeAuthority('one name', LIFE)]);
  bundle = joinBundle([old.cert], NOW);
  tls = new ChangingTls(await issueServing(old, [NAME], LIFE));
  const handler = {
    review: () => Promise.resolve({ status: 200, contentType: 'application/json', body: '{}' } as const),
    isReady: () => true,
    onRequest: () => undefined,
  };
  server = new WebhookServer({ tls, handler, onError: (error) => expect(error).toBeUndefined() });
  ({ port } = await server.listen('127.0.0.1', 0));
});

afterAll(async () => {
  await server?.close();
});

/** One review; answers the serial number of the certificate that was shown. */
async function review(agent: Agent | undefined): Promise<string> {
  const options = {
    host: '127.0.0.1',
    port,
    path: '/mutate?timeout=5s',
    method: 'POST',
    servername: NAME,
    headers: { 'content-type': 'application/json' },
    ca: bundle,
  };
  return await new Promise((resolve, reject) => {
    const asked = request({ ...options, agent: agent ?? false }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
      response
        .resume()
        .once('end', () =>
          response.statusCode === 200 ? resolve(serialNumber) : reject(new Error('refused')),
        );
    });
    asked.once('error', reject).end('{}');
  });
}

test('F25 no request fails while authority and certificate rotate', async () => {
  const stop = new AbortController();
  const seen = new Map<string, number>();
  const failures: unknown[] = [];
  const kept = new Agent({ keepAlive: true, maxSockets: 2 });
  const work = async (agent: Agent | undefined): Promise<void> => {
    while (!stop.signal.aborted) {
      await review(agent).then(
        (serial) => seen.set(serial, (seen.get(serial) ?? 0) + 1),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, index) => work(index % 2 === 0 ? kept : undefined));
  const settled = async (count: number): Promise<void> => {
    const total = (): number => [...seen.values()].reduce((sum, one) => sum + one, 0) + failures.length;
    for (const enough = total() + count; total() < enough;)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await settled(100);
  // The successor is trusted first …
  bundle = joinBundle([old.cert, young.cert], NOW);
  await settled(100);
  // … then it signs, and the files change under the gateway.
  tls.material = await issueServing(young, [NAME], LIFE);
  server.reloadTls();
  await settled(100);
  bundle = joinBundle([young.cert, old.cert], NOW);
  await settled(100);
  stop.abort();
  await Promise.all(workers);
  kept.destroy();
  expect(failures).toEqual([]);
  expect(seen.size).toBe(2);
});

test('F26 a certificate from an authority that is not trusted yet is refused: the order matters', async () => {
  bundle = joinBundle([old.cert], NOW);
  await expect(review(undefined)).rejects.toMatchObject({
    code: expect.stringMatching(/CERT|SIGNATURE|ISSUER/) as string,
  });
});

// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type BusKeys, createRedis, generateBusKeys, readBusKeys, type RedisConnection } from '#bus';
import { ConfigurationWatch, readFileBounded, watchDirectory } from '#config';
import { FixedTls, type GatewayOptions, type RunningGateway, startGateway } from '#gateway';
import { silentLogger } from '#observability';
import { makeOwnCertificate, type OwnCertificate } from '#standalone';
import {
  CosignSigner,
  type PrivateRedis,
  pushImage,
  pushLegacySignature,
  startPrivateRedis,
  VirtualRegistry,
} from '#testing';
import { type RunningVerifier, startVerifier } from '#verifier';

import { podReview, renderedConfiguration } from './system.js';

let redis: PrivateRedis;
let registry: VirtualRegistry;
let certificate: OwnCertificate;
let configuration: ConfigurationWatch;
let directory: string;
const team = new CosignSigner('P-256');
const keys: BusKeys = readBusKeys(generateBusKeys('1'));
let serial = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'connaisseur-boot-'));
  [redis, registry, certificate] = await Promise.all([
    startPrivateRedis(),
    VirtualRegistry.start(),
    makeOwnCertificate([], new Date()),
  ]);
  const policy = join(directory, 'config.yaml');
  writeFileSync(policy, renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem }));
  configuration = new ConfigurationWatch({
    paths: { config: policy, alerts: join(directory, 'alerts.yaml') },
    readFile: readFileBounded,
    watchDirectory,
  });
});

afterAll(async () => {
  configuration?.close();
  await registry?.stop();
  await redis?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function optionsOf(changes: Partial<GatewayOptions> = {}): GatewayOptions {
  return {
    configuration,
    listen: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    tls: new FixedTls(certificate),
    redis: { url: redis.url },
    keys: () => keys,
    cluster: 'boot-test',
    name: `gateway-${(serial += 1)}`,
    secretsDirectory: undefined,
    dockerConfig: undefined,
    templatesDirectory: undefined,
    journalDirectory: undefined,
    isolation: 'none',
    log: silentLogger,
    ...changes,
  };
}

function verifierWith(): Promise<RunningVerifier> {
  const { configuration: watch, redis: settings, cluster, log } = optionsOf();
  const common = { configuration: watch, redis: settings, cluster, log, keys: () => keys };
  const management = { host: '127.0.0.1', port: 0 };
  const none = { secretsDirectory: undefined, dockerConfig: undefined };
  return startVerifier({ ...common, ...none, management, name: `verifier-${(serial += 1)}` });
}

async function signedImage(): Promise<string> {
  const path = `boot-${(serial += 1)}`;
  const pushed = await pushImage(registry.content, path, { tag: 'v1' });
  const layer = team.signLegacy({ digest: pushed.digest, repository: `${registry.host}/${path}` });
  await pushLegacySignature(registry.content, path, pushed.digest, [layer]);
  return `${registry.host}/${path}:v1`;
}

interface Sent {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
}

function post({ address }: RunningGateway, agent: Agent, image: string): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: address.port,
        path: '/mutate?timeout=10s',
        method: 'POST',
        agent,
        ca: certificate.ca,
        headers: { 'Content-Type': 'application/json' },
      },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection }),
        );
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify(podReview([image])));
  });
}

const allowed = ({ body }: Sent): boolean =>
  (JSON.parse(body) as { response: { allowed: boolean } }).response.allowed;
const ready = async (url: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(`${url}/ready`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('both modules boot, answer with detail, and end without a trace', async () => {
  const [gateway, verifier] = await Promise.all([startGateway(optionsOf()), verifierWith()]);
  const agent = new Agent({ keepAlive: true });
  // Until then the gateway looks itself, which is no less an answer.
  const verifiers = async (): Promise<unknown> => (await ready(gateway.managementUrl ?? '')).body['bus'];
  await expect.poll(verifiers, { timeout: 10_000 }).toMatchObject({ state: 'up', verifiers: 1 });
  expect(allowed(await post(gateway, agent, await signedImage()))).toBe(true);
  const [one, other] = await Promise.all([
    ready(gateway.managementUrl ?? ''),
    ready(verifier.managementUrl ?? ''),
  ]);
  expect(one).toMatchObject({
    status: 200,
    body: { status: 'ready', bus: { state: 'up' }, eventLoop: { stalled: expect.any(Boolean) } },
  });
  expect(other).toMatchObject({
    status: 200,
    body: { status: 'ready', configuration: { warnings: expect.any(Number) } },
  });
  const metrics = await (await fetch(`${verifier.managementUrl ?? ''}/metrics`)).text();
  expect(metrics).toContain(`connaisseur_registry_requests_total{registry="${registry.host}"`);
  agent.destroy();
  await Promise.all([gateway.close(), verifier.close()]);
  await expect(fetch(`${gateway.managementUrl ?? ''}/ready`)).rejects.toThrow();
});

describe('verdicts are shared over Redis', () => {
  const connection = (): RedisConnection => createRedis({ url: redis.url }, 'patient');

  /** Admits fresh images until one is shared: the store is a help, and is not waited for while it connects. */
  async function sharedImage(gateway: RunningGateway, agent: Agent): Promise<string> {
    const redisClient = connection();
    const stored = async (): Promise<number> =>
      ((await redisClient.call('KEYS', 'connaisseur:cache:*')) as string[]).length;
    try {
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const [image, before] = [await signedImage(), await stored()];
        expect(allowed(await post(gateway, agent, image))).toBe(true);
        await sleep(50);
        if ((await stored()) > before) return image;
      }
      throw new Error('no verdict was shared');
    } finally {
      redisClient.disconnect();
    }
  }

  test('a second verifier does not look again', async () => {
    const agent = new Agent({ keepAlive: true });
    const first = await Promise.all([verifierWith(), startGateway(optionsOf())]);
    const image = await sharedImage(first[1], agent);
    await Promise.all(first.map((running) => running.close()));
    const second = await Promise.all([verifierWith(), startGateway(optionsOf())]);
    await sharedImage(second[1], agent);
    const name = image.slice(image.indexOf('/') + 1, image.lastIndexOf(':'));
    const looks = (): number =>
      registry.journal.entries.filter(({ path }) => path.includes(`/${name}/`)).length;
    const before = looks();
    expect(allowed(await post(second[1], agent, image))).toBe(true);
    expect(looks()).toBe(before);
    agent.destroy();
    await Promise.all(second.map((running) => running.close()));
  });
});

test.for<{ name: string; changes: () => Partial<GatewayOptions> }>([
  { name: 'without keys', changes: () => ({ keys: () => readBusKeys(new Map()) }) },
  {
    name: 'without a key for decisions',
    changes: () => ({ keys: () => ({ ...keys, decisions: undefined }) }),
  },
  {
    name: 'with a certificate that is none',
    changes: () => ({ tls: new FixedTls({ cert: 'x', key: 'y' }) }),
  },
  {
    name: 'on an address that is not ours',
    changes: () => ({ listen: { host: '203.0.113.1', port: 5000 } }),
  },
])('a gateway $name does not start, and leaves nothing open', async ({ changes }) => {
  const connection = createRedis({ url: redis.url }, 'patient');
  const clients = async (): Promise<number> =>
    ((await connection.call('CLIENT', 'LIST')) as string).trim().split('\n').length;
  await expect.poll(clients, { timeout: 5_000 }).toBe(1);
  await expect(startGateway(optionsOf(changes()))).rejects.toThrow();
  await expect.poll(clients, { timeout: 5_000 }).toBe(1);
  connection.disconnect();
});

describe('F29 a gateway that is told to stop', () => {
  test('finishes what is in flight; every connection ends with an answer', async () => {
    const gateway = await startGateway(optionsOf());
    const image = await signedImage();
    const path = image.slice(image.indexOf('/') + 1, image.lastIndexOf(':'));
    registry.misbehave({
      path: new RegExp(`/v2/${path}/manifests/v1$`),
      nth: 1,
      toxic: { kind: 'late', ms: 600 },
    });
    const agent = new Agent({ keepAlive: true });
    const pending = post(gateway, agent, image);
    await sleep(200);
    const closing = gateway.close();
    const answer = await pending;
    expect(allowed(answer)).toBe(true);
    expect(answer.connection).toBe('close');
    await closing;
    agent.destroy();
  });

  test('with a drain time it serves on, unready, and resets no connection under load', async () => {
    const gateway = await startGateway(optionsOf({ drainMs: 1_500 }));
    const image = await signedImage();
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    await post(gateway, agent, image);
    const sent: Promise<Sent>[] = [];
    const load = (async () => {
      for (let n = 0; n < 40; n += 1) {
        sent.push(post(gateway, agent, image));
        await sleep(10);
      }
    })();
    await sleep(100);
    const closing = gateway.close();
    await sleep(50);
    expect(await ready(gateway.managementUrl ?? '')).toMatchObject({ status: 503 });
    await load;
    const answers = await Promise.all(sent);
    expect(answers.every(allowed)).toBe(true);
    expect(answers.at(-1)?.connection).toBe('close');
    await closing;
    agent.destroy();
  });
});

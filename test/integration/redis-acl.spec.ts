// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  createRedis,
  decisionSigner,
  decisionVerifier,
  floorSigner,
  floorVerifier,
  generateBusKeys,
  ignoreDecisionEvents,
  noJournal,
  readBusKeys,
  redisAclFile,
  type RedisComponent,
  type RedisConnection,
  RedisDecisionLog,
  RedisDecisionSource,
  type RedisRole,
  type RedisSettings,
  RedisSharedVerdicts,
  RedisVersionFloors,
} from '#bus';
import { aDenial, type PrivateRedis, startPrivateRedis } from '#testing';

import { admitted, questionOf, says } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { AlertingWorld, receiver } from './alerting-world.js';
import { BusRig, until } from './bus-rig.js';

const NEVER = new AbortController().signal;
const COMPONENTS: readonly RedisComponent[] = ['gateway', 'verifier', 'alerting'];
const PASSWORDS = new Map(COMPONENTS.map((component) => [component, `password of ${component}`]));

let directory: string;
let redis: PrivateRedis;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'redis-acl-'));
  const hashes = COMPONENTS.map(
    (component) =>
      [
        component,
        createHash('sha256')
          .update(PASSWORDS.get(component) ?? '')
          .digest('hex'),
      ] as const,
  );
  writeFileSync(join(directory, 'users.acl'), redisAclFile(new Map(hashes)));
  redis = await startPrivateRedis({ args: ['--aclfile', join(directory, 'users.acl')], appendOnly: false });
});

afterAll(async () => {
  for (const connection of connections) connection.disconnect();
  await redis.stop();
  rmSync(directory, { recursive: true });
});

const as = (username: RedisComponent): RedisSettings => ({
  url: redis.url,
  username,
  password: PASSWORDS.get(username) ?? '',
});

/** A connection that answers. */
async function connected(component: RedisComponent, role: RedisRole = 'prompt'): Promise<RedisConnection> {
  const connection = createRedis(as(component), role);
  connections.push(connection);
  await until(() => connection.status === 'ready');
  return connection;
}

test('H14 a gateway asks and a verifier answers, each as its own user', async () => {
  const rig = await BusRig.start({ appendOnly: false });
  try {
    const bus = await rig.gateway({ connect: (role) => createRedis(as('gateway'), role) });
    await rig.verifier(() => Promise.resolve(says(admitted)), {
      connect: (role) => createRedis(as('verifier'), role),
    });
    const reply = await bus.ask(questionOf('registry.example.com/app:1'), 8000, NEVER);
    expect(reply.kind === 'verdict' ? reply.verdict.outcome : reply).toBe('admitted');
  } finally {
    await rig.stop();
  }
});

test('H14 a gateway writes and trims decisions, and alerting reads them', async () => {
  const keys = readBusKeys(generateBusKeys('k1')).decisions;
  const signer = decisionSigner(() => keys);
  const log = new RedisDecisionLog({
    redis: await connected('gateway'),
    journal: noJournal,
    writer: { cluster: aDenial().cluster, gateway: aDenial().gateway, boot: '0011223344556677' },
    signer,
    observe: ignoreDecisionEvents,
    limits: { keepDecisions: 1, keepDenials: 1, hardFactor: 2 },
  });
  for (let index = 0; index < 6; index += 1) await log.append(aDenial(), { urgent: true });
  const source = new RedisDecisionSource({
    redis: await connected('alerting'),
    connect: () => createRedis(as('alerting'), 'blocking'),
    trust: { cluster: aDenial().cluster, verifier: decisionVerifier(() => keys) },
    observe: ignoreDecisionEvents,
    now: () => performance.now(),
  });
  const page = await source.history({ limit: 10, denialsOnly: true }, NEVER);
  expect(page.decisions.length).toBeGreaterThan(0);
  const enough = new AbortController();
  await source.consume(
    { group: 'alerting', consumer: 'a', stream: 'denials' },
    () => {
      enough.abort();
      return Promise.resolve();
    },
    enough.signal,
  );
  await source.release('denials', 'alerting', NEVER);
  await log.close(NEVER);
  expect(log.stats().lost).toBe(0);
});

test('H14 alerting delivers through its own queues', async () => {
  await using world = await AlertingWorld.open(() => createRedis(as('alerting'), 'blocking'));
  const target = await world.receiver();
  await world.start({ reject: [receiver('ops', target.url)] });
  await world.decisions.log.append(aDenial());
  await until(() => target.received.length === 1);
  await until(async () => (await world.count('reject-ops', 'delivered')) === 1);
});

test('H14 a verifier shares verdicts, and a gateway reads them only', async () => {
  const keys = readBusKeys(generateBusKeys('k1')).decisions;
  const signer = decisionSigner(() => keys);
  const options = {
    cluster: 'c',
    verifier: decisionVerifier(() => keys),
    now: Date.now,
    observe: (event: unknown) => expect(event).toBeUndefined(),
    timeoutMs: 50,
  };
  const writer = new RedisSharedVerdicts({ ...options, redis: await connected('verifier'), signer });
  await writer.put('k', admitted, 60_000);
  const reader = new RedisSharedVerdicts({ ...options, redis: await connected('gateway') });
  expect((await reader.get('k', NEVER))?.outcome).toBe('admitted');
});

test('H14 a verifier keeps versions of trust data and notes resets, and a gateway reads the versions', async () => {
  const keys = readBusKeys(generateBusKeys('k1')).verdicts;
  const options = {
    cluster: 'c',
    verifier: floorVerifier(() => keys),
    now: Date.now,
    observe: ({ kind }: { kind: string }) => expect(kind).toBe('stored'),
  };
  const signer = floorSigner(() => keys);
  const writer = new RedisVersionFloors({ ...options, redis: await connected('verifier'), signer });
  await writer.write('name', 'versions');
  expect(await writer.note('a reset')).toBe(true);
  expect(await writer.notes(NEVER)).toEqual(['a reset']);
  const reader = new RedisVersionFloors({ ...options, redis: await connected('gateway') });
  expect(await reader.read('name', NEVER)).toBe('versions');
});

test.for<{ component: RedisComponent; command: string[] }>([
  { component: 'gateway', command: ['RPUSH', '{connaisseur-bus}:replies:x', 'forged'] },
  { component: 'gateway', command: ['XRANGE', '{connaisseur-bus}:requests', '-', '+'] },
  { component: 'gateway', command: ['ZADD', '{connaisseur-bus}:quarantine', '1', 'x'] },
  { component: 'gateway', command: ['SET', 'connaisseur:cache:x', 'forged'] },
  { component: 'gateway', command: ['SET', 'connaisseur:floor:x', 'forged'] },
  { component: 'gateway', command: ['DEL', '{connaisseur-log}:decisions'] },
  {
    component: 'gateway',
    command: ['XREADGROUP', 'GROUP', 'alerting', 'g', 'STREAMS', '{connaisseur-log}:denials', '>'],
  },
  { component: 'gateway', command: ['LPUSH', '{connaisseur-alerts}:x:wait', '1'] },
  { component: 'gateway', command: ['EVAL', 'return 1', '0'] },
  { component: 'verifier', command: ['XADD', '{connaisseur-bus}:requests', '*', 'a', 'b'] },
  { component: 'verifier', command: ['XADD', '{connaisseur-log}:decisions', '*', 'a', 'b'] },
  { component: 'verifier', command: ['SET', 'connaisseur:admitted:x', 'forged'] },
  { component: 'verifier', command: ['EVAL', 'return 1', '0'] },
  { component: 'alerting', command: ['XADD', '{connaisseur-log}:decisions', '*', 'a', 'b'] },
  { component: 'alerting', command: ['XADD', '{connaisseur-bus}:requests', '*', 'a', 'b'] },
  { component: 'alerting', command: ['SET', 'connaisseur:cache:x', 'forged'] },
  {
    component: 'alerting',
    command: ['EVAL', "return redis.call('DEL', KEYS[1])", '1', '{connaisseur-log}:decisions'],
  },
  { component: 'alerting', command: ['FLUSHALL'] },
  { component: 'alerting', command: ['CONFIG', 'GET', '*'] },
  { component: 'alerting', command: ['KEYS', '*'] },
])('H14 $component is not allowed $command', async ({ component, command: [name = '', ...args] }) => {
  const connection = await connected(component);
  await expect(connection.call(name, ...args)).rejects.toThrow('NOPERM');
});

test('H14 nobody is let in without a password', async () => {
  const errors: string[] = [];
  const connection = createRedis({ url: redis.url }, 'prompt', (error) => void errors.push(String(error)));
  connections.push(connection);
  await until(() => errors.some((error) => error.includes('NOAUTH')) || connection.status === 'ready');
  await expect(connection.call('GET', 'x')).rejects.toThrow();
});

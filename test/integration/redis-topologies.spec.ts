// Over 200 lines: its cases share one running system, and each stands beside its twin.
// Redis Cluster and Sentinel with the users that `connaisseur redis-acl` prints: all that the components say to Redis.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import {
  createRedis,
  decisionSigner,
  decisionVerifier,
  generateBusKeys,
  ignoreDecisionEvents,
  noJournal,
  readBusKeys,
  REDIS_LIMITS,
  redisAclLines,
  type RedisComponent,
  type RedisConnection,
  RedisDecisionLog,
  RedisDecisionSource,
  type RedisRole,
  RedisSharedVerdicts,
} from '#bus';
import { aDenial, type PrivateRedis, startPrivateRedis } from '#testing';

import { admitted, questionOf, says } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { AlertingWorld, receiver } from './alerting-world.js';
import { BusRig, until } from './bus-rig.js';
import { LAUNCHER } from './cli-rig.js';

const NEVER = new AbortController().signal;
/** What stands in for the default user here: somebody who may all. */
const ROOT = 'user default off\nuser root on >root allkeys allchannels +@all\n';
/** What clients say to a sentinel, as docs/how-to/redis.md has it. */
const SENTINEL_RULES =
  'resetchannels &+switch-master -@all +hello +auth +ping +info +subscribe +unsubscribe +client|setname +sentinel|get-master-addr-by-name +sentinel|sentinels';

/** Where a component finds Redis: as in the file of its Secret. */
type UrlOf = (component: RedisComponent) => string;
const passwordOf = (component: RedisComponent): string => `password-of-${component}`;

let ends: (() => unknown)[] = [];
afterEach(async () => {
  const running = ends;
  ends = [];
  for (const end of running.toReversed()) await end();
});

async function startCluster(): Promise<UrlOf> {
  const [port, busPort] = [await freePort(), await freePort()];
  await startRedis('cluster', [
    '--port',
    String(port),
    '--cluster-enabled',
    'yes',
    '--cluster-port',
    String(busPort),
    '--cluster-announce-ip',
    '127.0.0.1',
  ]);
  const admin = open(`redis://root:root@127.0.0.1:${port}`);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'), 10_000);
  return (name) => `redis+cluster://${name}:${passwordOf(name)}@127.0.0.1:${port}`;
}

async function startSentinel(users: string): Promise<UrlOf> {
  const [port, sentinelPort] = [await freePort(), await freePort()];
  const redis = await startRedis('single', ['--port', String(port)]);
  const file = join(redis.directory, 'sentinel.conf');
  const watched = `sentinel monitor main 127.0.0.1 ${port} 1\nsentinel auth-user main root\nsentinel auth-pass main root\n`;
  writeFileSync(file, `port ${sentinelPort}\ndir ${redis.directory}\n${watched}${users}`);
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  ends.push(async () => {
    sentinel.kill('SIGKILL');
    await once(sentinel, 'exit');
  });
  return (name) => `redis+sentinel://${name}:${passwordOf(name)}@127.0.0.1:${sentinelPort}/main`;
}

const passwords = ['gateway', 'verifier', 'alerting'].map((name) => `>password-of-${name}`).join(' ');

describe.for<{ name: string; start: () => Promise<UrlOf> }>([
  { name: 'a Redis Cluster', start: startCluster },
  { name: 'sentinels that ask nobody for a password', start: async () => await startSentinel('') },
  {
    name: 'sentinels that know the passwords of the components',
    start: async () => await startSentinel(`user default on resetpass ${passwords} ${SENTINEL_RULES}\n`),
  },
])('H14 users of one component each: $name', ({ start }) => {
  test('questions, shared verdicts, decisions and alerts go their way', { timeout: 90_000 }, async () => {
    const urlOf = await start();
    await asksAndAnswers(urlOf);
    await sharesVerdicts(urlOf);
    await tellsDecisions(urlOf);
    await delivers(urlOf);
    const gateway = open(urlOf('gateway'));
    await expect(gateway.call('SET', 'connaisseur:cache:x', 'forged')).rejects.toThrow('NOPERM');
    await expect(gateway.call('CLUSTER', 'RESET')).rejects.toThrow('NOPERM');
  });
});

test.for([
  { name: 'a single Redis', args: [], expected: redisAclLines('single') },
  { name: 'a Redis Cluster', args: ['--cluster'], expected: redisAclLines('cluster') },
])('connaisseur redis-acl prints them for $name', ({ args, expected }) => {
  const { stdout, status } = spawnSync(process.execPath, [LAUNCHER, 'redis-acl', ...args], {
    encoding: 'utf8',
  });
  expect({ status, lines: stdout.trim().split('\n') }).toEqual({ status: 0, lines: expected });
});

test('docs/how-to/redis.md has the same lines', () => {
  const page = readFileSync('docs/how-to/redis.md', 'utf8');
  for (const line of [...redisAclLines('single'), SENTINEL_RULES]) expect(page).toContain(line);
  const { stdout } = spawnSync(process.execPath, [LAUNCHER, 'redis-acl', '--limits'], { encoding: 'utf8' });
  for (const [name, value] of Object.entries(REDIS_LIMITS)) {
    expect(stdout).toContain(`${name} ${value}\n`);
    expect(page).toContain(`${name} ${value}\n`);
  }
});

async function asksAndAnswers(urlOf: UrlOf): Promise<void> {
  const rig = await BusRig.start({ appendOnly: false });
  ends.push(() => rig.stop());
  const connect = (name: RedisComponent) => (role: RedisRole) => createRedis({ url: urlOf(name) }, role);
  const bus = await rig.gateway({ connect: connect('gateway') });
  await rig.verifier(() => Promise.resolve(says(admitted)), { connect: connect('verifier') });
  const reply = await bus.ask(questionOf('registry.example.com/app:1'), 8000, NEVER);
  expect(reply.kind === 'verdict' ? reply.verdict.outcome : reply).toBe('admitted');
}

async function sharesVerdicts(urlOf: UrlOf): Promise<void> {
  const keys = readBusKeys(generateBusKeys('k1')).decisions;
  const options = {
    cluster: 'c',
    verifier: decisionVerifier(() => keys),
    now: Date.now,
    observe: (event: unknown) => expect(event).toBeUndefined(),
    timeoutMs: 1000,
  };
  const signer = decisionSigner(() => keys);
  const writer = new RedisSharedVerdicts({ ...options, redis: await ready(urlOf('verifier')), signer });
  await writer.put('k', admitted, 60_000);
  const reader = new RedisSharedVerdicts({ ...options, redis: await ready(urlOf('gateway')) });
  expect((await reader.get('k', NEVER))?.outcome).toBe('admitted');
}

async function tellsDecisions(urlOf: UrlOf): Promise<void> {
  const keys = readBusKeys(generateBusKeys('k1')).decisions;
  const { cluster, gateway } = aDenial();
  const log = new RedisDecisionLog({
    redis: await ready(urlOf('gateway')),
    journal: noJournal,
    writer: { cluster, gateway, boot: '0011223344556677' },
    signer: decisionSigner(() => keys),
    observe: ignoreDecisionEvents,
    limits: { keepDecisions: 1, keepDenials: 1, hardFactor: 2 },
  });
  for (let index = 0; index < 6; index += 1) await log.append(aDenial(), { urgent: true });
  const source = new RedisDecisionSource({
    redis: await ready(urlOf('alerting')),
    connect: () => createRedis({ url: urlOf('alerting') }, 'blocking'),
    trust: { cluster, verifier: decisionVerifier(() => keys) },
    observe: ignoreDecisionEvents,
    now: () => performance.now(),
  });
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
}

async function delivers(urlOf: UrlOf): Promise<void> {
  await using world = await AlertingWorld.open(() => createRedis({ url: urlOf('alerting') }, 'blocking'));
  const target = await world.receiver();
  await world.start({ reject: [receiver('ops', target.url)] });
  await world.decisions.log.append(aDenial());
  await until(() => target.received.length === 1, 10_000);
  await until(async () => (await world.count('reject-ops', 'delivered')) === 1);
}

/** With the users that the command prints, and {@link ROOT}. */
async function startRedis(topology: 'single' | 'cluster', args: readonly string[]): Promise<PrivateRedis> {
  const lines = redisAclLines(topology).map((line) =>
    line.replace(/PASSWORD-OF-([A-Z]+)/, (_, name: string) => `password-of-${name.toLowerCase()}`),
  );
  const folder = mkdtempSync(join(tmpdir(), 'redis-users-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'users.acl');
  writeFileSync(file, `${lines.join('\n')}\n${ROOT}`);
  const redis = await startPrivateRedis({ args: [...args, '--aclfile', file], appendOnly: false });
  ends.push(() => redis.stop());
  return redis;
}

function open(url: string): RedisConnection {
  const connection = createRedis({ url }, 'patient');
  ends.push(() => connection.disconnect());
  return connection;
}

/** A connection for prompt commands, once it answers. */
async function ready(url: string): Promise<RedisConnection> {
  const connection = createRedis({ url }, 'prompt');
  ends.push(() => connection.disconnect());
  await until(() => connection.status === 'ready');
  return connection;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return address.port;
}

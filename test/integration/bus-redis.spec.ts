// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import {
  assertRedisVersion,
  BUS_ACL,
  REDIS_LIMITS,
  createRedis,
  type RedisConnection,
  type RedisRole,
  type RedisSettings,
  RedisSetupError,
} from '#bus';
import { type PrivateRedis, startPrivateRedis, TestAuthority } from '#testing';

import { admitted, questionOf, says } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { BusRig, until } from './bus-rig.js';

const NEVER = new AbortController().signal;
const IMAGE = 'registry.example.com/app:1';

let ends: (() => unknown)[] = [];
afterEach(async () => {
  const running = ends;
  ends = [];
  for (const end of running.toReversed()) await end();
});

async function startRedis(...args: string[]): Promise<PrivateRedis> {
  const redis = await startPrivateRedis({ args, appendOnly: false });
  ends.push(() => redis.stop());
  return redis;
}

function open(settings: RedisSettings, role: RedisRole = 'patient', errors: unknown[] = []): RedisConnection {
  const connection = createRedis(settings, role, (error) => void errors.push(error));
  ends.push(() => connection.disconnect());
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

/** One question over this Redis, asked and answered. */
async function askOver(settings: RedisSettings, verifierSettings = settings): Promise<string> {
  const rig = await BusRig.start({ appendOnly: false });
  ends.push(() => rig.stop());
  const bus = await rig.gateway({
    connect: (role) => createRedis({ ...settings, name: `gateway-${role}` }, role),
  });
  await rig.verifier(() => Promise.resolve(says(admitted)), {
    connect: (role) => createRedis({ ...verifierSettings, name: `verifier-${role}` }, role),
  });
  const reply = await bus.ask(questionOf(IMAGE), 8000, NEVER);
  return reply.kind === 'verdict' ? reply.verdict.outcome : reply.kind;
}

async function startTls(names: string[]): Promise<{ url: string; authority: TestAuthority }> {
  const authority = new TestAuthority();
  const directory = mkdtempSync(join(tmpdir(), 'redis-tls-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const { cert, key } = authority.issue(names);
  writeFileSync(join(directory, 'cert.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key, { mode: 0o600 });
  const port = await freePort();
  const files = [
    '--tls-cert-file',
    join(directory, 'cert.pem'),
    '--tls-key-file',
    join(directory, 'key.pem'),
  ];
  await startRedis('--tls-port', String(port), ...files, '--tls-auth-clients', 'no');
  return { url: `rediss://localhost:${port}`, authority };
}

test('H13 TLS: the right authority and name are accepted, and the bus works', async () => {
  const { url, authority } = await startTls(['localhost']);
  expect(await askOver({ url, ca: authority.pem })).toBe('admitted');
});

test.for([
  { name: 'another authority', names: ['localhost'], ca: new TestAuthority().pem },
  { name: 'no authority of its own', names: ['localhost'], ca: undefined },
  { name: 'another name', names: ['redis.other.example'], ca: 'own' },
])('H13 a Redis with a certificate of $name is refused', async ({ names, ca }) => {
  const { url, authority } = await startTls(names);
  const errors: unknown[] = [];
  const trusted = ca === 'own' ? authority.pem : ca;
  const redis = open({ url, ...(trusted === undefined ? {} : { ca: trusted }) }, 'prompt', errors);
  await until(() => errors.length > 1);
  expect(redis.status).not.toBe('ready');
  await expect(redis.call('PING')).rejects.toThrow();
});

test('a password in the settings or in the URL opens the door, a wrong one does not', async () => {
  const port = await freePort();
  await startRedis('--port', String(port), '--requirepass', 'p@ss:word/1');
  const url = `redis://127.0.0.1:${port}`;
  expect(await open({ url, password: 'p@ss:word/1' }).call('PING')).toBe('PONG');
  expect(await open({ url: `redis://:p%40ss%3Aword%2F1@127.0.0.1:${port}` }).call('PING')).toBe('PONG');
  const errors: unknown[] = [];
  open({ url, password: 'other' }, 'prompt', errors);
  await until(() => errors.length > 0);
  expect(String(errors[0])).not.toContain('other');
});

test('Redis Cluster: all keys of the bus live on one node', async () => {
  const port = await freePort();
  const bus = await freePort();
  const cluster = [
    '--cluster-enabled',
    'yes',
    '--cluster-port',
    String(bus),
    '--cluster-announce-ip',
    '127.0.0.1',
  ];
  const redis = await startRedis('--port', String(port), ...cluster);
  const admin = open({ url: redis.url });
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'), 10_000);
  expect(await askOver({ url: `redis+cluster://127.0.0.1:${port}` })).toBe('admitted');
});

test('Sentinel: the master is found through its sentinels', async () => {
  const [port, sentinelPort] = [await freePort(), await freePort()];
  const redis = await startRedis('--port', String(port));
  const file = join(redis.directory, 'sentinel.conf');
  writeFileSync(
    file,
    `port ${sentinelPort}\ndir ${redis.directory}\nsentinel monitor main 127.0.0.1 ${port} 1\n`,
  );
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  ends.push(async () => {
    sentinel.kill('SIGKILL');
    await once(sentinel, 'exit');
  });
  expect(await askOver({ url: `redis+sentinel://127.0.0.1:${sentinelPort}/main` })).toBe('admitted');
});

/** A server that speaks just enough RESP to say which version it is. */
async function startOldRedis(version: string): Promise<string> {
  const info = `redis_version:${version}\r\nloading:0\r\n`;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n')) {
        if (/^hello$/i.test(line)) socket.write("-ERR unknown command 'HELLO'\r\n");
        else if (/^info$/i.test(line)) socket.write(`$${info.length}\r\n${info}\r\n`);
        else if (/^(?:client|blmpop)$/i.test(line)) socket.write('+OK\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return `redis://127.0.0.1:${address.port}`;
}

test.for([
  { name: 'H21 a Redis before 7.0 is refused', version: '6.2.14', ok: false },
  { name: 'a Redis of today is accepted', version: '7.2.4', ok: true },
  { name: 'a version that is none is refused', version: 'x', ok: false },
])('$name', async ({ version, ok }) => {
  const redis = open({ url: await startOldRedis(version) });
  const checked = assertRedisVersion(redis).then(
    () => true,
    (error: unknown) => {
      expect(error).toBeInstanceOf(RedisSetupError);
      return false;
    },
  );
  expect(await checked).toBe(ok);
});

test('D7 within the limits that Redis must set the bus works, and a longer value is not taken', async () => {
  const limits = Object.entries(REDIS_LIMITS).flatMap(([name, value]) => [`--${name}`, value]);
  const redis = await startRedis(...limits);
  expect(await askOver({ url: redis.url }, { url: redis.url })).toBe('admitted');
  const longer = 'x'.repeat(5 * 1024 * 1024);
  await expect(
    open({ url: redis.url }).call('XADD', '{connaisseur-bus}:requests', '*', 'body', longer),
  ).rejects.toThrow();
});

test('H14 each role needs no more than its own commands and keys', async () => {
  const port = await freePort();
  const redis = await startRedis('--port', String(port));
  const admin = open({ url: redis.url });
  await admin.call('ACL', 'SETUSER', 'gateway', 'on', '>g', ...splitRules(BUS_ACL.gateway));
  await admin.call('ACL', 'SETUSER', 'verifier', 'on', '>v', ...splitRules(BUS_ACL.verifier));
  const gateway = { url: `redis://127.0.0.1:${port}`, username: 'gateway', password: 'g' };
  const verifier = { url: `redis://127.0.0.1:${port}`, username: 'verifier', password: 'v' };
  expect(await askOver(gateway, verifier)).toBe('admitted');
  const forbidden: [RedisSettings, string[]][] = [
    [gateway, ['RPUSH', '{connaisseur-bus}:replies:x', 'forged']],
    [gateway, ['XRANGE', '{connaisseur-bus}:requests', '-', '+']],
    [gateway, ['ZADD', '{connaisseur-bus}:quarantine', '1', 'x']],
    [gateway, ['XADD', '{connaisseur-log}:decisions', '*', 'a', 'b']],
    [gateway, ['EVAL', 'return 1', '0']],
    [verifier, ['XADD', '{connaisseur-bus}:requests', '*', 'a', 'b']],
    [verifier, ['XADD', '{connaisseur-log}:decisions', '*', 'a', 'b']],
    [verifier, ['FLUSHALL']],
    [verifier, ['EVAL', 'return 1', '0']],
  ];
  for (const [settings, [command = '', ...args]] of forbidden) {
    await expect(open(settings).call(command, ...args)).rejects.toThrow('NOPERM');
  }
  const allowed = [
    ['XADD', '{connaisseur-bus}:dead', 'MAXLEN', '~', '1000', '*', 'a', 'b'],
    ['ZADD', '{connaisseur-bus}:suspects', '1', 'x'],
    ['ZREMRANGEBYRANK', '{connaisseur-bus}:suspects', '0', '-1001'],
    ['ZADD', '{connaisseur-bus}:quarantine', '1', 'x'],
    ['HSET', '{connaisseur-bus}:alone:x', 'a', 'b'],
    ['HSCAN', '{connaisseur-bus}:alone:x', '0'],
    ['XCLAIM', '{connaisseur-bus}:requests', 'verifiers', 'me', '0', '1-1', 'JUSTID'],
    ['XINFO', 'CONSUMERS', '{connaisseur-bus}:requests', 'verifiers'],
    ['XGROUP', 'DELCONSUMER', '{connaisseur-bus}:requests', 'verifiers', 'me'],
  ];
  const asVerifier = open(verifier);
  for (const [command = '', ...args] of allowed) await asVerifier.call(command, ...args);
  const denied = String(await admin.call('ACL', 'LOG'));
  expect(denied).not.toMatch(/zcount|blmpop|xreadgroup|hscan/i);
});

/** Rules by spaces, but for those inside a selector's parentheses. */
function splitRules(rules: string): string[] {
  return rules.match(/\([^)]*\)|\S+/g) ?? [];
}

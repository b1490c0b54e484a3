import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { REDIS_LIMITS, redisAclFile, type RedisComponent } from '#bus';
import { issueServing, makeAuthority } from '#certificates';

import { describeWithHelm, objects, one } from './helm.js';

const PASSWORD = 'a-password-of-the-gateway';
const COMPONENTS: readonly RedisComponent[] = ['gateway', 'verifier', 'alerting'];

describeWithHelm('H16 the limits of Redis', () => {
  const lines: readonly { name: string; read: () => string[] }[] = [
    {
      name: 'the chart',
      read: () => one(objects(), 'ConfigMap', 'connaisseur-redis-config').data['redis.conf'].split('\n'),
    },
    {
      name: 'docker-compose.yml',
      read: () =>
        parse(readFileSync('docker-compose.yml', 'utf8')).services.redis.command.map((line: string) =>
          line.replace(/^--/, ''),
        ),
    },
  ];
  test.for(lines)('of $name are those that the code counts on', ({ read }) => {
    const given = new Map(read().map((line): [string, string] => [line.split(' ')[0] ?? '', line]));
    for (const [name, value] of Object.entries(REDIS_LIMITS)) {
      expect(given.get(name)).toBe(`${name} ${value}`);
    }
  });
});

describeWithHelm('H14 a real Redis with the configuration of the chart', () => {
  let folder = '';
  let port = 0;
  let redis: ChildProcess | undefined;
  let probe = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chart-redis-'));
    for (const name of ['tls', 'acl', 'data']) mkdirSync(join(folder, name));
    const life = { now: new Date(), lifetimeMs: 86_400_000 };
    const authority = await makeAuthority('Test', life);
    const { cert, key } = await issueServing(authority, ['localhost'], { ...life, lifetimeMs: 3_600_000 });
    writeFileSync(join(folder, 'tls/ca.crt'), authority.cert);
    writeFileSync(join(folder, 'tls/tls.crt'), cert);
    writeFileSync(join(folder, 'tls/tls.key'), key);
    const hash = createHash('sha256').update(PASSWORD).digest('hex');
    writeFileSync(
      join(folder, 'acl/users.acl'),
      redisAclFile(new Map(COMPONENTS.map((name) => [name, hash]))),
    );
    port = await freePort();
    // The paths of the pod become those of the folder; nothing else is changed.
    const here = (text: string): string =>
      text
        .replaceAll('/app/', `${folder}/`)
        .replaceAll('/data', `${folder}/data`)
        .replaceAll('6379', String(port));
    const all = objects();
    writeFileSync(
      join(folder, 'redis.conf'),
      here(one(all, 'ConfigMap', 'connaisseur-redis-config').data['redis.conf']),
    );
    const [container] = one(all, 'Deployment', 'connaisseur-redis').spec.template.spec.containers;
    probe = here(container.readinessProbe.exec.command[2]);
    redis = spawn('redis-server', [join(folder, 'redis.conf')], { stdio: 'ignore' });
    for (let tries = 0; tries < 100 && !answersProbe(); tries += 1) await sleep(50);
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => redis?.once('exit', resolve) ?? resolve(undefined));
    redis?.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const answersProbe = (): boolean => spawnSync('sh', ['-c', probe]).status === 0;
  const ask = (...args: string[]): string =>
    spawnSync(
      'redis-cli',
      ['--tls', '--cacert', join(folder, 'tls/ca.crt'), '-h', 'localhost', '-p', String(port), ...args],
      {
        encoding: 'utf8',
      },
    ).stdout.trim();
  const as = (user: string, ...args: string[]): string =>
    ask('--user', user, '--pass', PASSWORD, '--no-auth-warning', ...args);

  test('starts, and the probe of the pod says so without a password', () => {
    expect(answersProbe()).toBe(true);
  });

  test('the probe fails where nobody answers', () => {
    expect(spawnSync('sh', ['-c', probe.replace(String(port), '1')]).status).not.toBe(0);
  });

  test('answers nobody without TLS, and nothing to whom is not signed in', () => {
    expect(spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' }).stdout).not.toContain(
      'PONG',
    );
    expect(ask('keys', '*')).toMatch(/NOAUTH/);
  });

  test('H16 takes no value of more than 4 MiB, and one of 3', () => {
    const set = (mebibytes: number): string =>
      spawnSync(
        'redis-cli',
        [
          '--tls',
          '--cacert',
          join(folder, 'tls/ca.crt'),
          '-h',
          'localhost',
          '-p',
          String(port),
          '--user',
          'verifier',
          '--pass',
          PASSWORD,
          '--no-auth-warning',
          '-x',
          'set',
          'connaisseur:cache:x',
        ],
        { encoding: 'utf8', input: 'v'.repeat(mebibytes * 1024 * 1024) },
      ).stdout.trim();
    expect(set(3)).toBe('OK');
    expect(set(5)).not.toBe('OK');
  });

  test.for(COMPONENTS)('%s signs in, and may not read all, change users or the configuration', (user) => {
    expect(as(user, 'ping')).toBe('PONG');
    for (const command of [
      ['keys', '*'],
      ['config', 'get', '*'],
      ['acl', 'list'],
      ['flushall'],
      ['debug', 'sleep', '0'],
      ['module', 'list'],
    ]) {
      expect(as(user, ...command)).toMatch(/NOPERM|ERR/);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // It listens on a port.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

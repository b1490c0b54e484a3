// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { postReview } from '../../deploy/local/demo/post-review.js';

import { commandOf, descendants, isAlive, Launched, type LaunchOptions, run } from './cli-rig.js';
import { CliWorld, NOBODY } from './cli-world.js';
import { type Answer, patchOf, podReview } from './system.js';

const GONE_MS = 2_000;
let world: CliWorld;
let policies = 0;

beforeAll(async () => {
  world = await CliWorld.start();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const policy = (): string => world.policy(`standalone-${(policies += 1)}.yaml`);
const image = (name: string): string => `${world.open.host}/app/${name}:v1`;

/** A standalone that is ready. */
class Standalone extends Launched {
  static async start(args: readonly string[], options?: LaunchOptions): Promise<Standalone> {
    const own = new Standalone(['standalone', ...args], options);
    await own.until(({ stdout }) => stdout.includes('\n'), 'it is ready');
    return own;
  }

  get url(): string {
    return /^ready (https:\/\/\S+)\n$/.exec(this.stdout)?.[1] ?? '';
  }

  get caFile(): string {
    return /certificate authority: (\S+)/.exec(this.stderr)?.[1] ?? '';
  }

  /** The arguments of the `watch` line that it prints. */
  get watchArgs(): string[] {
    return (/watch decisions: \S+ (.*)/.exec(this.stderr)?.[1] ?? '').split(' ');
  }

  get redis(): number[] {
    return descendants(this.pid).filter((pid) => /^\S*(redis|valkey)-server /.test(commandOf(pid)));
  }

  async review(reference: string, phase = 'mutate'): Promise<Answer> {
    const ca = readFileSync(this.caFile, 'utf8');
    const body = JSON.stringify(podReview([reference.includes('/') ? reference : image(reference)]));
    const text = await postReview(`${this.url}/${phase}?timeout=10s`, body, ca);
    return (JSON.parse(text) as { response: Answer }).response;
  }

  /** Resolves when none of these processes runs any more; rejects with those that do. */
  async gone(pids: readonly number[], ms = GONE_MS): Promise<void> {
    const end = performance.now() + ms;
    while (pids.some(isAlive)) {
      if (performance.now() > end)
        throw new Error(`still there: ${pids.filter(isAlive).map(commandOf).join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Other Nodes of this machine that can run the launcher. */
const OLDER_NODES = ['/usr/local/bin/node', '/usr/bin/node'].filter(
  (path) =>
    existsSync(path) && !spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v24.'),
);

describe('standalone', () => {
  test('says that it is ready, admits and denies at both webhooks, and stops cleanly on SIGTERM', async () => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '127.0.0.1:0']);
    expect(own.stdout).toMatch(/^ready https:\/\/127\.0\.0\.1:\d+\n$/);
    const admitted = await own.review('signed');
    expect(admitted).toMatchObject({ allowed: true });
    const pinned = patchOf(admitted).at(-1)?.value ?? '';
    expect(pinned).toMatch(/:v1@sha256:[0-9a-f]{64}$/);
    expect(await own.review(pinned, 'validate')).toMatchObject({ allowed: true });
    expect(await own.review('unsigned')).toMatchObject({ allowed: false, status: { code: 403 } });
    const processes = descendants(own.pid);
    expect(own.redis).toHaveLength(1);
    const directory = dirname(own.caFile);
    expect(existsSync(directory)).toBe(true);

    expect(await own.stop('SIGTERM')).toMatchObject({ code: 0, signal: null });
    await own.gone(processes, 500);
    expect(existsSync(directory)).toBe(false);
    expect(own.stderr).not.toMatch(/"level":"(error|fatal)"|\n\s+at /);
  });

  test.for([
    { name: 'this Node', node: process.execPath },
    ...OLDER_NODES.map((node) => ({ name: node, node })),
  ])('under $name: SIGKILL of the launcher ends everything within two seconds', async ({ node }) => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '127.0.0.1:0'], { node });
    const processes = descendants(own.pid);
    expect(own.redis).toHaveLength(1);
    await own.stop('SIGKILL');
    await own.gone(processes);
  });

  test.for(['SIGTERM', 'SIGKILL'] as const)('%s while it starts leaves nothing behind', async (signal) => {
    await using own = new Standalone(['standalone', '-p', policy(), '--listen', '127.0.0.1:0']);
    await own.until(() => own.redis.length > 0, 'its Redis starts');
    const processes = descendants(own.pid);
    const { code } = await own.stop(signal);
    expect(code).toBe(signal === 'SIGKILL' ? null : 0);
    await own.gone(processes);
  });

  test('Ctrl-C in a terminal reaches it twice and is one stop', async () => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '127.0.0.1:0']);
    const [program = 0] = descendants(own.pid);
    process.kill(program, 'SIGINT');
    expect(await own.stop('SIGINT')).toMatchObject({ code: 0 });
  });

  test('a stop waits for the review that is under way', async () => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '127.0.0.1:0']);
    await world.push(world.open, 'app/slow', 'team');
    world.open.misbehave({ path: /app\/slow\/manifests/, nth: 1, toxic: { kind: 'late', ms: 700 } });
    const asked = world.open.journal.entries.length;
    const answer = own.review('slow');
    await own.until(() => world.open.journal.entries.length > asked, 'the registry is asked');
    const ended = own.stop('SIGTERM');
    expect(await answer).toMatchObject({ allowed: true });
    expect(await ended).toMatchObject({ code: 0 });
  });

  test('listens on IPv6 too', async () => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '[::1]:0']);
    expect(own.url).toMatch(/^https:\/\/\[::1\]:\d+$/);
    expect(await own.review('signed')).toMatchObject({ allowed: true });
  });

  test('serves without the Redis that was given, and says so', async () => {
    const secret = 'canary-pw';
    const redis = `redis://:${secret}@${NOBODY}`;
    await using own = await Standalone.start([
      '-p',
      policy(),
      '--listen',
      '127.0.0.1:0',
      '--redis-url',
      redis,
    ]);
    expect(own.stderr).toContain('Redis does not answer');
    expect(own.redis).toEqual([]);
    expect(await own.review('signed')).toMatchObject({ allowed: true });
    expect(await own.review('unsigned')).toMatchObject({ allowed: false });
    const { code, stderr } = await own.stop();
    expect(code).toBe(0);
    expect(stderr).not.toContain(secret);
  });
});

describe('a policy that is edited while it runs', () => {
  test('takes effect with the next answer; an invalid one is reported and the last good one stays', async () => {
    const file = policy();
    const good = readFileSync(file, 'utf8');
    await using own = await Standalone.start(['-p', file, '--listen', '127.0.0.1:0']);
    expect(await own.review('unsigned')).toMatchObject({ allowed: false });

    writeFileSync(
      file,
      good.replaceAll('validator: team', 'validator: deny').replace('approve: false', 'approve: true'),
    );
    await expect.poll(async () => (await own.review('unsigned')).allowed, { timeout: 5_000 }).toBe(true);

    writeFileSync(file, `${good}\nnonsense: {}\n`);
    await own.until(({ stderr }) => stderr.includes('nonsense'), 'it says what is wrong', 5_000);
    expect(own.stderr).toContain('the last good one stays');
    expect(await own.review('unsigned')).toMatchObject({ allowed: true });

    writeFileSync(file, good);
    await expect.poll(async () => (await own.review('unsigned')).allowed, { timeout: 5_000 }).toBe(false);
  });
});

describe('watch', () => {
  test('shows the decisions of a standalone; --deny only denials; -o json for programs', async () => {
    await using own = await Standalone.start(['-p', policy(), '--listen', '127.0.0.1:0']);
    const watch = (...more: string[]): Launched =>
      new Launched([...own.watchArgs, '--after', '0-0-0', ...more]);
    await using all = watch();
    await using denials = watch('--deny', '-o', 'json');
    await own.review('signed');
    const { uid } = await own.review('unsigned');
    await all.until(({ stdout }) => stdout.split('\n').length > 2, 'two decisions');
    await denials.until(({ stdout }) => stdout.includes('\n'), 'a denial');
    expect(all.stdout).toMatch(/OK {4}shop Pod\/web .*app\/signed.*\n.*DENY {2}shop Pod\/web .*CNS-1003/);
    expect(
      denials.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([expect.objectContaining({ uid, allowed: false, id: expect.stringMatching(/^\d+-\d+/) })]);
    expect(await all.stop('SIGINT')).toMatchObject({ code: 0 });
    expect(await denials.stop('SIGTERM')).toMatchObject({ code: 0 });
  });
});

describe.concurrent('what keeps it from starting is one clear line, and nothing is left running', () => {
  test('a port in use: 1', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await using own = new Standalone(['standalone', '-p', policy(), '--listen', `127.0.0.1:${port}`]);
    await own.until(() => own.redis.length > 0, 'its Redis starts');
    const processes = descendants(own.pid);
    const { code, stdout, stderr } = await own.ended;
    server.close();
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`connaisseur: 127.0.0.1:${port} is in use by another program`);
    await own.gone(processes);
  });

  test('an invalid policy: 2, with every finding, before anything is started', async () => {
    const file = world.write(
      'invalid.yaml',
      'validators: [{ name: a, type: cosing }]\npolicy: []\nfeatrues: {}\n',
    );
    const { code, stdout, stderr } = await run(['standalone', '-p', file, '--listen', '127.0.0.1:0']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const fault of ['unknown-type', 'unknown-key']) expect(stderr).toContain(`(${fault})`);
  });

  test.for([
    { name: 'no redis-server', PATH: '/nonexistent', says: /redis-server is not installed.*apt-get install/ },
    { name: 'a redis-server that is too old', PATH: '', says: /redis-server is too old/ },
  ])('$name: 1, with what to install', async ({ PATH, says }) => {
    const old = world.write('old/redis-server', '#!/bin/sh\necho "Redis server v=6.0.16 sha=0"\n');
    spawnSync('chmod', ['+x', old]);
    const { code, stderr } = await run(['standalone', '-p', policy(), '--listen', '127.0.0.1:0'], {
      env: { PATH: PATH === '' ? `${dirname(old)}:/nonexistent` : PATH },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
  });

  test('a certificate that cannot be read: 1', async () => {
    const files = ['--tls-cert', '/no/tls.crt', '--tls-key', '/no/tls.key'];
    const { code, stderr } = await run(['standalone', '-p', policy(), ...files]);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no /no/tls.crt');
  });
});

describe('the demo', () => {
  test('shows an admission and two denials with their alerts, and ends when asked to show it once', async () => {
    const { code, stdout } = await run(['standalone', '--demo', '--once', '--listen', '127.0.0.1:0']);
    expect(stdout).toMatch(/^ready https:/);
    expect(stdout).toMatch(/kubectl run signed [^]*pod\/signed created\n {2}pinned[^]*@sha256:/);
    for (const code of ['CNS-1004', 'CNS-1003']) expect(stdout).toContain(`\n${code} `);
    expect(stdout.match(/^ {2}to \w+/gm)).toHaveLength(5);
    expect(code).toBe(0);
  });
});

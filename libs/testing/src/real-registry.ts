import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Debian's `docker-registry`, running for a test. */
export interface RealRegistry {
  /** `127.0.0.1:port`, plain HTTP. */
  readonly host: string;
  stop(): Promise<void>;
}

const START_MS = 10_000;

/** A line of Apache's `htpasswd` with a bcrypt hash: the registry then wants Basic of everybody. */
export interface RealRegistryOptions {
  readonly htpasswd?: string;
}

/** Starts `docker-registry` on a free port over an empty folder; both are gone after `stop`. */
export async function startRealRegistry({ htpasswd }: RealRegistryOptions = {}): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'real-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  const file = join(folder, 'config.yml');
  if (htpasswd !== undefined) await writeFile(join(folder, 'htpasswd'), `${htpasswd}\n`);
  const auth =
    htpasswd === undefined ? '' : `auth: { htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} } }\n`;
  await writeFile(file, configuration(host, folder) + auth);
  const child = spawn('docker-registry', ['serve', file], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(host, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, stop };
}

function configuration(host: string, folder: string): string {
  return [
    'version: 0.1',
    'log: { level: error }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }`,
    `http: { addr: "${host}" }`,
    '',
  ].join('\n');
}

async function untilReady(host: string, child: ChildProcess): Promise<void> {
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw error instanceof Error ? error : new Error('docker-registry cannot be started');
  });
  failed.catch(() => undefined);
  const end = performance.now() + START_MS;
  while (performance.now() < end && child.exitCode === null) {
    const isUp = await Promise.race([answers(`http://${host}/v2/`), failed]);
    if (isUp) return;
    await sleep(25);
  }
  throw new Error(`docker-registry did not answer within ${START_MS} ms`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok || response.status === 401;
  } catch {
    // Not yet listening.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return address.port;
}

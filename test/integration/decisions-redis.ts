import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CommonRedisOptions, Redis } from 'ioredis';

/** Without the setting that ioredis types in two ways. */
type Options = Omit<CommonRedisOptions, 'replyMapping'>;

/** A redis-server of one test's own, on a unix socket in a folder of its own; stopped and started as the test likes. */
export class TestRedis {
  readonly folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  readonly #arguments: readonly string[];
  readonly #clients: Redis[] = [];
  #server: ChildProcess | undefined;

  private constructor(args: readonly string[]) {
    this.#arguments = args;
  }

  static async start(...args: string[]): Promise<TestRedis> {
    const redis = new TestRedis(args);
    await redis.start();
    return redis;
  }

  get socket(): string {
    return join(this.folder, 'redis.sock');
  }

  async start(): Promise<void> {
    const files = ['--dir', this.folder, '--unixsocket', this.socket, '--port', '0', '--save', ''];
    this.#server = spawn(
      'redis-server',
      [...files, '--appendonly', 'yes', '--appendfsync', 'everysec', ...this.#arguments],
      {
        stdio: 'ignore',
      },
    );
    const client = new Redis(this.#options({ retryStrategy: () => 20, maxRetriesPerRequest: null }));
    client.on('error', () => undefined);
    await client.ping();
    client.disconnect();
  }

  /** As a crash: nothing is written any more. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#server?.kill(name);
  }

  /** A connection whose commands fail at once while Redis is away, as the log wants it. */
  prompt(): Redis {
    return this.#client({ maxRetriesPerRequest: 0, enableOfflineQueue: false });
  }

  /** A connection whose commands wait for Redis. */
  patient(): Redis {
    return this.#client({ maxRetriesPerRequest: null });
  }

  async ready(client: Redis): Promise<Redis> {
    if (client.status !== 'ready') await once(client, 'ready');
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#server?.kill('SIGCONT');
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #client(options: Options): Redis {
    const client = new Redis(this.#options(options));
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  #options(options: Options): Options & { path: string } {
    return { path: this.socket, retryStrategy: () => 50, maxLoadingRetryTime: 50, ...options };
  }
}

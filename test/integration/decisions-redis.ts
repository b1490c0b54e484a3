import { once } from 'node:events';

import { type CommonRedisOptions, Redis } from 'ioredis';

import { type PrivateRedis, startPrivateRedis } from '#testing';

/** Without the setting that ioredis types in two ways. */
type Options = Omit<CommonRedisOptions, 'replyMapping'>;

/** A redis-server of one test's own, and the connections to it, which end with it. */
export class TestRedis {
  readonly server: PrivateRedis;
  readonly #clients: Redis[] = [];

  private constructor(server: PrivateRedis) {
    this.server = server;
  }

  static async start(...args: string[]): Promise<TestRedis> {
    // With `everysec` Redis may hold an acknowledged write back while the disk is busy; what it lost then would be no
    // fault of the log that these tests are about.
    return new TestRedis(await startPrivateRedis({ args: ['--appendfsync', 'always', ...args] }));
  }

  get folder(): string {
    return this.server.directory;
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
    await this.server.stop();
  }

  #client(options: Options): Redis {
    const client = new Redis({
      path: this.server.socket,
      retryStrategy: () => 50,
      maxLoadingRetryTime: 50,
      ...options,
    });
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }
}

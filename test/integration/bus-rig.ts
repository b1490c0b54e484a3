import { Redis } from 'ioredis';

import {
  type BusEvent,
  createRedis,
  generateBusKeys,
  loadStreamsTransport,
  RedisVerificationBus,
  type RedisVerificationBusOptions,
  readBusKeys,
  type StreamsServer,
  type StreamsWorkerOptions,
  VERIFY_PATTERN,
  type VerifyHandler,
} from '#bus';
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from '#testing';

export const CLUSTER = 'cluster-1';

/** A Redis with gateways and verifiers on it, and everything that they observe. */
export class BusRig {
  readonly redis: PrivateRedis;
  /** A plain connection: what somebody with access to Redis can do. */
  readonly raw: Redis;
  readonly events: BusEvent[] = [];
  files = generateBusKeys('k1');
  #ends: (() => Promise<unknown>)[] = [];

  private constructor(redis: PrivateRedis) {
    this.redis = redis;
    this.raw = new Redis({
      path: redis.socket,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
      maxLoadingRetryTime: 50,
    });
    this.raw.on('error', () => undefined);
  }

  static async start(options?: PrivateRedisOptions): Promise<BusRig> {
    return new BusRig(await startPrivateRedis(options));
  }

  /** A gateway's bus, connected. It has the public half of the verifiers' key only. */
  async gateway(options: Partial<RedisVerificationBusOptions> = {}): Promise<RedisVerificationBus> {
    const files = new Map([...this.files].filter(([name]) => !name.endsWith('.verdicts.key')));
    const bus = new RedisVerificationBus({
      connect: (role) => createRedis({ url: this.redis.url }, role),
      keys: () => complete(readBusKeys(files)),
      cluster: CLUSTER,
      gateway: 'gateway',
      observer: { observe: (event) => void this.events.push(event) },
      ...options,
    });
    this.#ends.unshift(() => bus.close());
    await until(() => bus.health().state === 'up');
    return bus;
  }

  /** A verifier that judges with `handler`, serving. */
  async verifier(
    handler: VerifyHandler,
    options: Partial<StreamsWorkerOptions> = {},
  ): Promise<StreamsServer> {
    const keys = complete(readBusKeys(this.files));
    const transport = await loadStreamsTransport();
    const server = new transport.StreamsServer({
      connect: (role) => createRedis({ url: this.redis.url }, role),
      keys: () => keys,
      cluster: CLUSTER,
      verifier: 'verifier',
      observer: { observe: (event) => void this.events.push(event) },
      closeGraceMs: 300,
      ...options,
    });
    server.addHandler(VERIFY_PATTERN, (request, context) => handler(request, context.signal));
    server.listen(() => undefined);
    this.#ends.push(() => server.close());
    await until(() => server.health()?.state === 'serving');
    return server;
  }

  /** Empties Redis and ends gateways and verifiers; the server stays. */
  async reset(): Promise<void> {
    const ends = this.#ends;
    this.#ends = [];
    await Promise.all(ends.map((end) => end()));
    await this.raw.flushall();
    this.events.length = 0;
    this.files = generateBusKeys('k1');
  }

  async stop(): Promise<void> {
    await this.reset();
    this.raw.disconnect();
    await this.redis.stop();
  }

  count(kind: BusEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }
}

/** Waits for something that must come; fails after five seconds. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < timeoutMs;) {
    if (await condition()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error(`expected a condition within ${timeoutMs} ms: ${condition.toString()}`);
}

function complete({ requests, verdicts }: ReturnType<typeof readBusKeys>) {
  if (requests === undefined || verdicts === undefined) throw new Error('expected keys of both kinds');
  return { requests, verdicts };
}

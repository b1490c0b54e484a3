import { Redis } from 'ioredis';
import { Registry } from 'prom-client';

import type { TemplateSource } from '#alerts';
import type { AlertingConfig, ReceiverConfig } from '#config';
import { Secret } from '#config';
import { createRedis, InMemoryDecisions, type RedisConnection } from '#bus';
import { createLogger } from '#observability';
import { createTransport, type HttpTransport } from '#registry';
import { type PrivateRedis, startPrivateRedis, VirtualReceiver } from '#testing';

import { type AlertingService, createAlertingService } from '../../apps/alerting/src/alerting-service.js';
import type { DeliverySettings } from '../../apps/alerting/src/delivery-settings.js';

/** Everything a hundred times faster than in production, in the same proportions. */
export const FAST: Partial<DeliverySettings> = {
  backoffMs: 100,
  maxBackoffMs: 400,
  timeoutMs: 300,
  lockMs: 800,
  stalledMs: 400,
  rateLimitMs: 300,
};

export const TEMPLATES: readonly TemplateSource[] = [
  {
    name: 'plain',
    file: 'plain.json',
    text: '{"id":"{{ event_id }}","text":"{{ alert_message }}","uid":"{{ request_id }}"}',
  },
];

export function receiver(name: string, url: string, fields: Partial<ReceiverConfig> = {}): ReceiverConfig {
  return {
    name,
    template: 'plain',
    receiverUrl: new Secret(url),
    priority: 3,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails: false,
    ...fields,
  };
}

export function alerting(lists: Partial<AlertingConfig>): { alerting: AlertingConfig; revision: string } {
  return {
    alerting: { clusterIdentifier: 'test', admit: [], reject: [], ...lists },
    revision: 'f'.repeat(64),
  };
}

/** A Redis, receivers and one alerting service that reads from memory. */
export class AlertingWorld implements AsyncDisposable {
  readonly decisions = new InMemoryDecisions();
  readonly registry = new Registry();
  readonly lines: string[] = [];
  readonly redis: PrivateRedis;
  readonly #transport: HttpTransport = createTransport();
  readonly #receivers: VirtualReceiver[] = [];
  #service: AlertingService | undefined;

  readonly #connect: () => RedisConnection;

  private constructor(redis: PrivateRedis, connect: () => RedisConnection) {
    this.redis = redis;
    this.#connect = connect;
  }

  /** With a Redis of its own; alerting may be given connections to another one. */
  static async open(connect?: () => RedisConnection): Promise<AlertingWorld> {
    const redis = await startPrivateRedis();
    return new AlertingWorld(redis, connect ?? (() => createRedis({ url: redis.url }, 'blocking')));
  }

  async receiver(): Promise<VirtualReceiver> {
    const started = await VirtualReceiver.start();
    this.#receivers.push(started);
    return started;
  }

  async start(
    lists: Partial<AlertingConfig>,
    delivery: Partial<DeliverySettings> = FAST,
  ): Promise<AlertingService> {
    const service = createAlertingService({
      configuration: alerting(lists),
      templates: TEMPLATES,
      redis: this.#connect,
      source: this.decisions.source,
      transport: this.#transport,
      logger: createLogger(
        { level: 'debug', format: 'json', service: 'alerting' },
        { write: (line) => void this.lines.push(line) },
      ),
      registry: this.registry,
      podName: 'alerting-0',
      now: Date.now,
      random: Math.random,
      delivery,
    });
    this.#service = service;
    service.start();
    return service;
  }

  /** Sum of `connaisseur_alerts_total` for these labels. */
  async count(receiver: string, result: string): Promise<number> {
    const { values } = (await this.registry.getSingleMetric('connaisseur_alerts_total')?.get()) ?? {
      values: [],
    };
    return values
      .filter(({ labels }) => labels['receiver'] === receiver && labels['result'] === result)
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Every key of Redis with everything in it, as text. */
  async dump(): Promise<string> {
    const redis = new Redis(this.redis.socket);
    const texts: string[] = [];
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      const value = await READERS[type]?.(redis, key);
      texts.push(JSON.stringify([key, type, value]));
    }
    redis.disconnect();
    return texts.join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Attempts that hang end with their receivers.
    await Promise.all(this.#receivers.map(async (started) => await started.close()));
    await this.#service?.close();
    await this.#transport.close();
    await this.redis.stop();
  }
}

const READERS: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  string: async (redis, key) => await redis.get(key),
  hash: async (redis, key) => await redis.hgetall(key),
  list: async (redis, key) => await redis.lrange(key, 0, -1),
  set: async (redis, key) => await redis.smembers(key),
  zset: async (redis, key) => await redis.call('ZRANGE', key, '0', '-1'),
  stream: async (redis, key) => await redis.xrange(key, '-', '+'),
};

/** Distinct idempotency keys of what a receiver accepted. */
export function idsOf(
  requests: readonly { readonly headers: Readonly<Record<string, unknown>> }[],
): ReadonlySet<unknown> {
  return new Set(requests.map(({ headers }) => headers['idempotency-key']));
}

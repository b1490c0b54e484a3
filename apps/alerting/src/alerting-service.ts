import type { Cluster, Redis } from 'ioredis';
import type { Registry } from 'prom-client';

import {
  AlertSender,
  type AlertTransport,
  checkReceivers,
  TemplateCatalogue,
  type TemplateSource,
} from '#alerts';
import type { AlertingConfig, Configuration } from '#config';
import type { Logger } from '#observability';

import { AlertingMetrics } from './alerting-metrics.js';
import { DecisionIntake } from './decision-intake.js';
import { type DecisionReader, DecisionSubscription } from './decision-subscription.js';
import { type DeliverySettings, deliverySettings } from './delivery-settings.js';
import { RedisDetectionMemory } from './detection-memory.js';
import { JobSeal } from './job-seal.js';
import { RedisPoisonShelf } from './poison-shelf.js';
import { ReceiverQueue } from './receiver-queue.js';
import { ReceiverSet } from './receiver-set.js';

/** The part of a configuration that alerting reads. */
export type AlertingSlice = Pick<Configuration, 'alerting' | 'revision'>;

export interface AlertingServiceOptions {
  readonly configuration: AlertingSlice;
  readonly templates: readonly TemplateSource[];
  /** A connection of this service's own that waits while Redis is away (`maxRetriesPerRequest: null`). Closed with the service. */
  readonly redis: () => Redis | Cluster;
  readonly source: DecisionReader;
  readonly transport: AlertTransport;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Unique among the alerting processes that live at the same time. */
  readonly podName: string;
  readonly now: () => number;
  readonly random: () => number;
  readonly delivery?: Partial<DeliverySettings>;
  /** Keys of at least 32 bytes that prove jobs; the first one seals. Without them jobs are not sealed. */
  readonly sealKeys?: readonly Uint8Array[];
}

/** What alerting says of itself. */
export interface AlertingHealth {
  readonly ready: boolean;
  readonly revision: string;
  readonly redis: 'connected' | 'away';
  /** Streams that are being read. */
  readonly reading: readonly string[];
  readonly receivers: readonly string[];
  readonly receiversDown: readonly string[];
  /** How many errors templates and receivers have; the log names them. */
  readonly faults: number;
}

/** Decisions in, alerts out. Needs no framework: the Nest module only wires it. */
export interface AlertingService {
  /** Begins to read decisions and to deliver. */
  start(): Promise<void>;
  /** Takes a new configuration, and new templates where they are given. The calls take effect in order. */
  apply(configuration: AlertingSlice, templates?: readonly TemplateSource[]): Promise<void>;
  health(): AlertingHealth;
  /** Stops reading, lets attempts under way end, leaves the rest in Redis. */
  close(): Promise<void>;
}

/** Builds the service; nothing is connected before `start`. */
export function createAlertingService(options: AlertingServiceOptions): AlertingService {
  return new QueuedAlerting(options);
}

class QueuedAlerting implements AlertingService {
  readonly #options: AlertingServiceOptions;
  readonly #settings: DeliverySettings;
  readonly #seal: JobSeal;
  readonly #metrics: AlertingMetrics;
  readonly #receivers: ReceiverSet;
  #running: { readonly redis: Redis | Cluster; readonly subscription: DecisionSubscription } | undefined;
  #configuration: AlertingSlice;
  #templates: TemplateCatalogue;
  #applying: Promise<void> = Promise.resolve();
  #faults = 0;

  constructor(options: AlertingServiceOptions) {
    this.#options = options;
    this.#settings = deliverySettings(options.delivery);
    this.#seal = new JobSeal(options.sealKeys ?? []);
    this.#configuration = options.configuration;
    this.#templates = new TemplateCatalogue(options.templates);
    this.#receivers = new ReceiverSet((target, rate) => this.#openQueue(target, rate));
    this.#metrics = new AlertingMetrics(options.registry, async () => await this.#receivers.counts());
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) throw new TypeError('expected start to be called once');
    const { logger, source, podName } = this.#options;
    const redis = this.#options.redis();
    redis.on('error', (error: unknown) => logger.warn({ err: error }, 'Redis connection fault'));
    const intake = new DecisionIntake({
      outlet: () => this.#receivers.outlet(),
      memory: new RedisDetectionMemory(redis),
      shelf: new RedisPoisonShelf(redis),
      seal: this.#seal,
      metrics: this.#metrics,
      logger,
    });
    const subscription = new DecisionSubscription({ source, consumer: podName, intake, logger });
    this.#running = { redis, subscription };
    await this.apply(this.#configuration);
    subscription.start();
  }

  async apply(configuration: AlertingSlice, templates?: readonly TemplateSource[]): Promise<void> {
    const applied = this.#applying.then(async () => {
      if (templates !== undefined) this.#templates = new TemplateCatalogue(templates);
      this.#configuration = configuration;
      this.#report(configuration.alerting);
      if (this.#running !== undefined) await this.#receivers.apply(configuration.alerting, this.#newSender());
    });
    // The next one waits for this one, also when it failed.
    this.#applying = applied.catch(() => undefined);
    await applied;
  }

  health(): AlertingHealth {
    const reading = this.#running?.subscription.reading ?? [];
    return {
      ready: this.#running !== undefined,
      revision: this.#configuration.revision.slice(0, 12),
      redis: this.#running?.redis.status === 'ready' ? 'connected' : 'away',
      reading,
      receivers: this.#receivers.keys,
      receiversDown: this.#receivers.down,
      faults: this.#faults,
    };
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    await running.subscription.stop();
    await this.#applying;
    await this.#receivers.close();
    running.redis.disconnect();
  }

  #newSender(): AlertSender {
    const { transport, now } = this.#options;
    return new AlertSender({
      templates: this.#templates,
      transport,
      timeoutMs: this.#settings.timeoutMs,
      now,
    });
  }

  #openQueue(
    target: ConstructorParameters<typeof ReceiverQueue>[0],
    rate: { max: number; durationMs: number },
  ): ReceiverQueue {
    if (this.#running === undefined) throw new TypeError('expected a started service');
    const { logger, now, random } = this.#options;
    return new ReceiverQueue(target, {
      connection: this.#running.redis,
      settings: this.#settings,
      rate,
      seal: this.#seal,
      metrics: this.#metrics,
      logger,
      now,
      random,
    });
  }

  /** Findings are told when they come into effect, each on a line of its own. */
  #report(alerting: AlertingConfig): void {
    const findings = [...this.#templates.findings, ...checkReceivers(alerting, this.#templates)];
    for (const { severity, code, file, line, column, path, message } of findings) {
      const fields = { code, path, ...(file === '' ? {} : { file, line, column }) };
      if (severity === 'error') this.#options.logger.error(fields, message);
      else this.#options.logger.warn(fields, message);
    }
    this.#faults = findings.filter(({ severity }) => severity === 'error').length;
  }
}

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
import { FaultLog } from './fault-log.js';
import { isDoneWithin } from './done-within.js';
import { JobSeal } from './job-seal.js';
import { RedisPoisonShelf } from './poison-shelf.js';
import { ReceiverQueue } from './receiver-queue.js';
import { ReceiverSet } from './receiver-set.js';

/** For commands to Redis at the end, besides the attempts under way. */
const END_MS = 1000;

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
  start(): void;
  /** Takes a new configuration, and new templates where they are given; in force when it returns. */
  apply(configuration: AlertingSlice, templates?: readonly TemplateSource[]): void;
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
  readonly #faultLog: FaultLog;
  #running: { readonly redis: Redis | Cluster; readonly subscription: DecisionSubscription } | undefined;
  #configuration: AlertingSlice;
  #templates: TemplateCatalogue;
  #faults = 0;

  constructor(options: AlertingServiceOptions) {
    this.#options = options;
    this.#settings = deliverySettings(options.delivery);
    this.#seal = new JobSeal(options.sealKeys ?? []);
    this.#faultLog = new FaultLog(options.logger, options.now);
    this.#configuration = options.configuration;
    this.#templates = new TemplateCatalogue(options.templates);
    this.#receivers = new ReceiverSet((target, rate) => this.#openQueue(target, rate));
    this.#metrics = new AlertingMetrics(options.registry, async () => await this.#receivers.counts());
  }

  start(): void {
    if (this.#running !== undefined) throw new TypeError('expected start to be called once');
    const { logger, source, podName } = this.#options;
    const redis = this.#options.redis();
    redis.on('error', (error: unknown) => this.#faultLog.report(error));
    const intake = new DecisionIntake({
      outlet: () => this.#receivers.outlet(),
      memory: new RedisDetectionMemory(redis),
      shelf: new RedisPoisonShelf(redis),
      seal: this.#seal,
      metrics: this.#metrics,
      logger,
    });
    const take = intake.take.bind(intake);
    const reader = { group: 'alerting', consumer: podName };
    const subscription = new DecisionSubscription({ ...reader, source, take, logger });
    this.#running = { redis, subscription };
    this.apply(this.#configuration);
    subscription.start();
  }

  apply(configuration: AlertingSlice, templates?: readonly TemplateSource[]): void {
    if (templates !== undefined) this.#templates = new TemplateCatalogue(templates);
    this.#configuration = configuration;
    this.#report(configuration.alerting);
    if (this.#running !== undefined) this.#receivers.apply(configuration.alerting, this.#newSender());
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
    const { redis, subscription } = running;
    if (redis.status === 'ready') {
      const closed = subscription.stop().then(async () => await this.#receivers.close());
      if (await isDoneWithin(closed, this.#settings.timeoutMs + END_MS)) return redis.disconnect();
    }
    this.#options.logger.warn({}, 'alerting ends without Redis; what was not acknowledged comes again');
    await isDoneWithin(Promise.all([subscription.stop(), this.#receivers.close(true)]), END_MS);
    await isDoneWithin(this.#receivers.abandon(), END_MS);
    redis.disconnect();
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
      faults: this.#faultLog,
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

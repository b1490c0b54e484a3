import type { Cluster, Redis } from 'ioredis';
import type { Registry } from 'prom-client';

import type { Features } from '#config';
import type { KubernetesApi } from '#kubernetes';
import type { Logger } from '#observability';

import { type DecisionReader, DecisionSubscription } from '../decision-subscription.js';
import { RedisDetectionMemory } from '../detection-memory.js';
import { isDoneWithin } from '../done-within.js';
import { ClusterMetrics, type WrittenThing } from './cluster-metrics.js';
import { RedisEventCounts } from './event-counts.js';
import { EventWriter } from './event-writer.js';
import { OwnerLookup } from './owner-lookup.js';
import { PatientApi } from './patient-api.js';
import { ReportApi } from './report-api.js';
import { ReportReader } from './report-reader.js';
import { ReportWriter } from './report-writer.js';

export interface ClusterTellingOptions {
  readonly source: DecisionReader;
  /** A connection that waits while Redis is away. Closed with this. */
  readonly redis: () => Redis | Cluster;
  /** `undefined` where there is no API server to ask. */
  readonly openApi: (() => Promise<KubernetesApi>) | undefined;
  /** Unique among the alerting processes that live at the same time. */
  readonly podName: string;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** For what is under way at the end. */
const END_MS = 2000;

/** Reads decisions until it is stopped. */
interface Reader {
  start(): void;
  stop(): Promise<void>;
}

type Wanted = Pick<Features, 'kubernetesEvents' | 'policyReports'>;

/**
 * Tells the cluster what was decided: Events and reports. Each reads with a consumer group of its own, so that an API
 * server that is away delays neither alerts nor the other.
 */
export class ClusterTelling {
  readonly #options: ClusterTellingOptions;
  readonly #metrics: ClusterMetrics;
  #readers: readonly Reader[] = [];
  #wanted = '';
  #redis: Redis | Cluster | undefined;
  #api: KubernetesApi | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ClusterTellingOptions) {
    this.#options = options;
    this.#metrics = new ClusterMetrics(options.registry);
  }

  /** Starts and ends what the features say; resolves when it is so. What cannot be started is told, and harms nobody. */
  async apply({ kubernetesEvents, policyReports }: Wanted): Promise<void> {
    const wanted = { kubernetesEvents, policyReports };
    this.#turn = this.#turn
      .then(async () => await this.#change(wanted))
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'Kubernetes Events and reports cannot be written');
      });
    await this.#turn;
  }

  async close(): Promise<void> {
    const stopped = this.apply({ kubernetesEvents: false, policyReports: 'off' });
    // Without Redis nothing ends by itself; what was not acknowledged comes again.
    if (!(await isDoneWithin(stopped, END_MS))) this.#redis?.disconnect();
    await isDoneWithin(stopped, END_MS);
    this.#redis?.disconnect();
    this.#api?.close();
  }

  async #change(wanted: Wanted): Promise<void> {
    if (JSON.stringify(wanted) === this.#wanted) return;
    this.#wanted = '';
    await Promise.all(this.#readers.map(async (reader) => await reader.stop()));
    this.#readers = [];
    if (wanted.kubernetesEvents || wanted.policyReports !== 'off') await this.#start(wanted);
    this.#wanted = JSON.stringify(wanted);
  }

  async #start({ kubernetesEvents, policyReports }: Wanted): Promise<void> {
    const { openApi, logger } = this.#options;
    if (openApi === undefined) {
      logger.warn(
        { kubernetesEvents, policyReports },
        'no Kubernetes Events or reports: expected the service account of a pod or --kubeconfig, got neither',
      );
      return;
    }
    this.#api ??= await openApi();
    const readers: Reader[] = [];
    if (kubernetesEvents) readers.push(this.#events(this.#api, (this.#redis ??= this.#connect())));
    if (policyReports !== 'off') readers.push(this.#reports(this.#api, policyReports));
    for (const reader of readers) reader.start();
    this.#readers = readers;
  }

  #events(api: KubernetesApi, redis: Redis | Cluster): Reader {
    const { source, podName, logger, now } = this.#options;
    const writer = new EventWriter({
      api,
      owners: new OwnerLookup(api),
      counts: new RedisEventCounts(redis),
      memory: new RedisDetectionMemory(redis, 'event-detected'),
      patience: this.#patience('events'),
      metrics: this.#metrics,
      instance: podName,
      now,
    });
    return new DecisionSubscription({
      source,
      group: 'kubernetes-events',
      consumer: podName,
      streams: ['denials'],
      take: async (_, batch, signal) => await writer.take(batch, signal),
      logger,
    });
  }

  #reports(api: KubernetesApi, choice: Exclude<Wanted['policyReports'], 'off'>): Reader {
    const { source, podName, logger, now } = this.#options;
    const reportApi = new ReportApi(api, choice, now);
    const writer = new ReportWriter({ api, reportApi, patience: this.#patience('reports'), now });
    return new ReportReader(writer, { source, consumer: podName, logger });
  }

  #patience(what: WrittenThing): PatientApi {
    const { logger, now, sleep } = this.#options;
    return new PatientApi({ what, metrics: this.#metrics, logger, now, sleep });
  }

  #connect(): Redis | Cluster {
    const redis = this.#options.redis();
    redis.on('error', (error: unknown) => this.#options.logger.debug({ err: error }, 'Redis'));
    return redis;
  }
}

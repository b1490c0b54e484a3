import { type ConnectionOptions, type Job, Queue, type QueueOptions } from 'bullmq';

import type { Logger } from '#observability';

import type { AlertJob } from './alert-job.js';
import type { AlertingMetrics, QueueCounts } from './alerting-metrics.js';
import { type AttemptEnd, deliverJob, type ReceiverTarget } from './deliver-job.js';
import { backoffMs, type DeliverySettings } from './delivery-settings.js';
import type { FaultLog } from './fault-log.js';
import type { JobSeal } from './job-seal.js';
import { BLOCK_SECONDS, QueueWorker } from './queue-worker.js';

/** Tagged, so that all keys of a queue lie in one slot of a Redis Cluster. */
const PREFIX = '{connaisseur-alerts}';
/** Alerts brought forward at a time when a receiver is back. */
const PROMOTED_AT_ONCE = 1000;

export interface ReceiverQueueOptions {
  readonly connection: ConnectionOptions;
  readonly settings: DeliverySettings;
  readonly rate: { readonly max: number; readonly durationMs: number };
  readonly seal: JobSeal;
  readonly metrics: AlertingMetrics;
  readonly logger: Logger;
  /** Where faults of the connections to Redis are told. */
  readonly faults: FaultLog;
  readonly now: () => number;
  readonly random: () => number;
}

/** One receiver: a queue and the worker that empties it. A dead one fills its own queue and delays nobody else. */
export class ReceiverQueue {
  readonly #options: ReceiverQueueOptions;
  readonly #queue: Queue;
  readonly #worker: QueueWorker;
  #target: ReceiverTarget;
  #failuresInARow = 0;

  constructor(target: ReceiverTarget, options: ReceiverQueueOptions) {
    this.#target = target;
    this.#options = options;
    this.#queue = new Queue(target.key, queueOptions(options));
    this.#worker = new QueueWorker(
      target.key,
      async (job: Job, _token?: string, signal?: AbortSignal) => await this.#deliver(job, signal),
      workerOptions(options),
    );
    // Without listeners an error event ends the process; both connect again by themselves.
    const onError = (error: Error): void => options.faults.report(error);
    this.#queue.on('error', onError);
    this.#worker.on('error', onError);
  }

  /** The receiver as the newest configuration has it; alerts that wait are sent to it. */
  update(target: ReceiverTarget): void {
    this.#target = target;
  }

  /** Down: failed several times in a row, and not delivered since. */
  get isDown(): boolean {
    return this.#failuresInARow >= this.#options.settings.downAfter;
  }

  /** Queues what there is room for; a job that is known by its id stays as it is. Resolves when Redis has them. */
  async add(jobs: readonly AlertJob[]): Promise<void> {
    const { settings, metrics, logger } = this.#options;
    const { waiting, delayed } = await this.counts();
    const room = Math.max(0, settings.queueCap - waiting - delayed);
    const kept = jobs.slice(0, room);
    await this.#queue.addBulk(
      kept.map((job) => ({ name: 'alert', data: job, opts: { jobId: job.alertId } })),
    );
    const dropped = jobs.length - kept.length;
    metrics.count(this.#target.key, 'dropped', dropped);
    if (dropped > 0)
      logger.error({ receiver: this.#target.key, dropped }, 'alerts dropped: the receiver’s queue is full');
  }

  async counts(): Promise<QueueCounts> {
    const counts = await this.#queue.getJobCounts('wait', 'active', 'delayed', 'failed');
    return {
      waiting: counts['wait'] ?? 0,
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      dead: counts['failed'] ?? 0,
    };
  }

  /**
   * Lets attempts under way end, which the time for one attempt bounds; what waits stays in Redis. `force`: does not wait
   * for them, because Redis is away and would not hear of it.
   */
  async close(force = false): Promise<void> {
    await this.#worker.close(force);
    await this.#queue.close();
  }

  /** Gives up the one connection that is the worker's own: what waits in it for a Redis that is away is rejected. */
  async abandon(): Promise<void> {
    const { blockingConnection, blockingClient } = this.#worker.getBackend();
    await blockingConnection?.close(true);
    // A close that already waits for Redis is not made harder by a second one: end the client below it.
    await blockingClient?.then(
      (client) => client.disconnect(),
      () => undefined,
    );
  }

  async #deliver(job: Job, signal = new AbortController().signal): Promise<void> {
    const rateLimit = async (ms: number): Promise<void> => await this.#queue.rateLimit(ms);
    await deliverJob(job, this.#target, { ...this.#options, rateLimit }, (end) => this.#onEnd(end), signal);
  }

  #onEnd(end: AttemptEnd): void {
    const wasDown = this.isDown;
    if (end === 'failed') this.#failuresInARow += 1;
    if (end === 'delivered') this.#failuresInARow = 0;
    if (wasDown && !this.isDown) void this.#bringForward();
  }

  /** The receiver is back: nobody has to sit out the rest of a long wait. */
  async #bringForward(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#queue.promoteJobs({ count: PROMOTED_AT_ONCE });
    } catch (error) {
      logger.warn(
        { receiver: this.#target.key, err: error },
        'waiting alerts were not brought forward; they come at their time',
      );
    }
  }
}

function queueOptions({ connection, settings }: ReceiverQueueOptions): QueueOptions {
  const { keepDelivered, keepDead } = settings;
  return {
    connection,
    prefix: PREFIX,
    streams: { events: { maxLen: 100 } },
    defaultJobOptions: {
      attempts: settings.attempts,
      backoff: { type: 'capped' },
      removeOnComplete: { age: keepDelivered.ageSeconds, count: keepDelivered.count },
      removeOnFail: { age: keepDead.ageSeconds, count: keepDead.count },
      stackTraceLimit: 0,
    },
  };
}

function workerOptions(options: ReceiverQueueOptions): ConstructorParameters<typeof QueueWorker>[2] {
  const { connection, settings, rate, random } = options;
  return {
    connection,
    prefix: PREFIX,
    concurrency: settings.concurrency,
    limiter: { max: rate.max, duration: rate.durationMs },
    lockDuration: settings.lockMs,
    stalledInterval: settings.stalledMs,
    // A process that crashes while it delivers is no fault of the alert: the default gives it up after the second crash.
    maxStalledCount: 1_000_000,
    drainDelay: BLOCK_SECONDS,
    maximumRateLimitDelay: 5000,
    runRetryDelay: 1000,
    settings: { backoffStrategy: (attemptsMade) => backoffMs(settings, attemptsMade, random) },
  };
}

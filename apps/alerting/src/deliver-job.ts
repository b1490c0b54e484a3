import { RateLimitError, UnrecoverableError } from 'bullmq';

import type { AlertRoute, AlertSender, DeliveryOutcome } from '#alerts';
import type { ReceiverConfig } from '#config';
import type { AlertOutcome } from '#contracts';
import type { Logger } from '#observability';

import { readAlertJob } from './alert-job.js';
import type { AlertingMetrics } from './alerting-metrics.js';
import type { DeliverySettings } from './delivery-settings.js';
import type { JobSeal } from './job-seal.js';

/** Who an alert goes to at this moment; a new configuration may change everything but the key. */
export interface ReceiverTarget {
  readonly key: string;
  readonly outcome: AlertOutcome;
  readonly receiver: ReceiverConfig;
  readonly clusterIdentifier: string;
  readonly sender: AlertSender;
}

/** The parts of a queue's job that matter here. */
export interface QueuedAlert {
  /** What the queue tells jobs apart by. */
  readonly id?: string | undefined;
  readonly data: unknown;
  /** When it was queued, milliseconds since the epoch. */
  readonly timestamp: number;
  /** Attempts that failed before this one. */
  readonly attemptsMade: number;
}

export interface DeliverJobOptions {
  readonly settings: DeliverySettings;
  readonly seal: JobSeal;
  readonly metrics: AlertingMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** Stops the whole queue for a while. */
  readonly rateLimit: (ms: number) => Promise<void>;
}

/** How an attempt ended, for the receiver's health. */
export type AttemptEnd = 'delivered' | 'failed' | 'limited' | 'dead';

/**
 * One attempt for one job, told to the queue in its own words: resolves when the alert is done with; throws
 * UnrecoverableError for a dead letter, RateLimitError for an attempt that does not count, an Error for another attempt.
 */
export async function deliverJob(
  job: QueuedAlert,
  target: ReceiverTarget,
  options: DeliverJobOptions,
  onEnd: (end: AttemptEnd) => void,
  signal: AbortSignal,
): Promise<void> {
  const { settings, metrics, now } = options;
  const read = readAlertJob(job.data, target.key, options.seal);
  if (read === undefined)
    return bury('POISON: expected a genuine job for this receiver', target, options, onEnd);
  // The seal covers the alert's id: a copy of a job under another one would be delivered once more.
  if (job.id !== read.job.alertId)
    return bury('POISON: expected the job under the id of its alert', target, options, onEnd);
  if (now() - job.timestamp > settings.maxAgeMs)
    return bury('EXPIRED: the alert is too old', target, options, onEnd);
  const { eventId, alertId } = read.job;
  const route: AlertRoute = { ...target, eventId, alertId, via: 'queue' };
  const started = now();
  const outcome = await target.sender.send(
    route,
    { record: read.record, clusterIdentifier: target.clusterIdentifier },
    signal,
  );
  metrics.attempt(target.key, now() - started);
  await settle(outcome, job, target, options, onEnd);
}

async function settle(
  outcome: DeliveryOutcome,
  job: QueuedAlert,
  target: ReceiverTarget,
  options: DeliverJobOptions,
  onEnd: (end: AttemptEnd) => void,
): Promise<void> {
  const { settings, metrics, logger } = options;
  switch (outcome.kind) {
    case 'delivered':
    case 'skipped':
      metrics.count(target.key, outcome.kind);
      onEnd('delivered');
      return;
    case 'dead':
      return bury(`${outcome.reason}: ${outcome.message}`, target, options, onEnd);
    case 'retry': {
      const text = `${outcome.reason}: ${outcome.message}`;
      if (outcome.reason === 'RATE_LIMITED') {
        metrics.count(target.key, 'rate_limited');
        onEnd('limited');
        await options.rateLimit(outcome.afterMs ?? settings.rateLimitMs);
        throw new RateLimitError();
      }
      if (job.attemptsMade + 1 >= settings.attempts)
        return bury(`${text}; no attempts are left`, target, options, onEnd);
      metrics.count(target.key, 'retried');
      if (job.attemptsMade === 0)
        logger.warn(
          { receiver: target.key, reason: outcome.reason },
          `alert not delivered yet: ${outcome.message}`,
        );
      onEnd('failed');
      throw new Error(text);
    }
  }
}

/** A dead letter keeps its job in the failed set, where people find it. */
function bury(
  text: string,
  { key }: ReceiverTarget,
  { metrics, logger }: DeliverJobOptions,
  onEnd: (end: AttemptEnd) => void,
): never {
  metrics.count(key, 'dead');
  logger.error({ receiver: key }, `alert given up: ${text}`);
  onEnd('dead');
  throw new UnrecoverableError(text);
}

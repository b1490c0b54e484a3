import { alertOutcome, detectionKeyOf, isOnlyDetected, routeAlert } from '#alerts';
import type { AlertingConfig } from '#config';
import type { DecisionRecord } from '#contracts';
import type { Logger } from '#observability';

import { type AlertJob, toAlertJob } from './alert-job.js';
import type { AlertingMetrics } from './alerting-metrics.js';
import type { DetectionMemory } from './detection-memory.js';
import type { JobSeal } from './job-seal.js';

/** The two streams of decisions; denials are on both, and are read from their own. */
export type DecisionStream = 'decisions' | 'denials';

/** One record as the stream delivers it, its signature checked. */
export interface DeliveredDecision {
  readonly id: string;
  readonly record: DecisionRecord;
}

/** Where jobs go; what it knows of the configuration is one revision. */
export interface AlertOutlet {
  readonly alerting: AlertingConfig;
  /** Resolves when the receiver's jobs are in Redis. */
  add(receiver: string, jobs: readonly AlertJob[]): Promise<void>;
}

/** Keeps what cannot become an alert. */
export interface PoisonShelf {
  put(decision: DeliveredDecision, reason: string): Promise<void>;
}

export interface DecisionIntakeOptions {
  /** Asked once for each batch, so a batch has one configuration from start to end. */
  readonly outlet: () => AlertOutlet;
  readonly memory: DetectionMemory;
  readonly shelf: PoisonShelf;
  readonly seal: JobSeal;
  readonly metrics: AlertingMetrics;
  readonly logger: Logger;
}

/** Turns decisions into jobs. What it resolves for is in Redis, so the stream may forget it. */
export class DecisionIntake {
  readonly #options: DecisionIntakeOptions;

  constructor(options: DecisionIntakeOptions) {
    this.#options = options;
  }

  /** Takes a batch of one stream; rejects where Redis did not take everything, and the batch then comes again. */
  async take(stream: DecisionStream, batch: readonly DeliveredDecision[]): Promise<void> {
    const outlet = this.#options.outlet();
    const jobs = new Map<string, AlertJob[]>();
    for (const decision of batch) {
      for (const job of await this.#jobsOf(stream, decision, outlet)) {
        const its = jobs.get(job.receiver) ?? [];
        its.push(job);
        jobs.set(job.receiver, its);
      }
    }
    // All receivers get theirs, also when one add fails; ids make the repetition harmless.
    const added = await Promise.allSettled(
      [...jobs].map(async ([receiver, its]) => await outlet.add(receiver, its)),
    );
    const failed = added.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #jobsOf(
    stream: DecisionStream,
    decision: DeliveredDecision,
    { alerting }: AlertOutlet,
  ): Promise<readonly AlertJob[]> {
    const { record } = decision;
    let routes: ReturnType<typeof routeAlert>;
    try {
      if (alertOutcome(record) !== (stream === 'denials' ? 'reject' : 'admit')) return [];
      routes = routeAlert(alerting, record).filter(({ via }) => via === 'queue');
    } catch (error) {
      await this.#putAside(decision, error);
      return [];
    }
    if (routes.length === 0 || (await this.#isRepeated(record))) return [];
    return routes.map((route) => toAlertJob(route, record, this.#options.seal));
  }

  async #isRepeated(record: DecisionRecord): Promise<boolean> {
    if (!isOnlyDetected(record)) return false;
    const key = detectionKeyOf(record);
    if (record.phase === 'validate') return await this.#options.memory.has(key);
    await this.#options.memory.note(key);
    return false;
  }

  /** A record that no code of ours understands must not stop those behind it (F21). */
  async #putAside(decision: DeliveredDecision, error: unknown): Promise<void> {
    this.#options.metrics.poisoned();
    this.#options.logger.error(
      { id: decision.id, err: error },
      'decision put aside: it cannot become an alert',
    );
    await this.#options.shelf.put(decision, error instanceof Error ? error.message.slice(0, 200) : 'unknown');
  }
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What became of an alert, or of one attempt. */
export type AlertResult =
  | 'delivered'
  /** Its template is empty. */
  | 'skipped'
  | 'retried'
  | 'rate_limited'
  | 'dead'
  /** The receiver's queue was full. */
  | 'dropped';

/** Alerts of one receiver by where they are. */
export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly dead: number;
}

/** The metrics of alert delivery. Receivers are named as in the configuration: no URL, no image, no namespace. */
export class AlertingMetrics {
  readonly #alerts: Counter<'receiver' | 'result'>;
  readonly #duration: Histogram<'receiver'>;
  readonly #poisoned: Counter;

  constructor(registry: Registry, queues: () => Promise<ReadonlyMap<string, QueueCounts>>) {
    this.#alerts = new Counter({
      name: 'connaisseur_alerts_total',
      help: 'Alerts by receiver and what became of them',
      labelNames: ['receiver', 'result'],
      registers: [registry],
    });
    this.#duration = new Histogram({
      name: 'connaisseur_alert_delivery_duration_seconds',
      help: 'Time of one attempt to deliver an alert',
      labelNames: ['receiver'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
    this.#poisoned = new Counter({
      name: 'connaisseur_alert_events_poisoned_total',
      help: 'Decisions that could not be made into alerts and were put aside',
      registers: [registry],
    });
    registry.registerMetric(queueGauge(queues));
  }

  count(receiver: string, result: AlertResult, alerts = 1): void {
    if (alerts > 0) this.#alerts.inc({ receiver, result }, alerts);
  }

  attempt(receiver: string, ms: number): void {
    this.#duration.observe({ receiver }, ms / 1000);
  }

  poisoned(): void {
    this.#poisoned.inc();
  }
}

/** Counted when it is read: Redis knows, we do not. */
function queueGauge(queues: () => Promise<ReadonlyMap<string, QueueCounts>>): Gauge<'receiver' | 'state'> {
  return new Gauge({
    name: 'connaisseur_alerts_queue_jobs',
    help: 'Alerts of a receiver by state',
    labelNames: ['receiver', 'state'],
    registers: [],
    async collect() {
      this.reset();
      for (const [receiver, counts] of await queues()) {
        for (const [state, count] of Object.entries(counts)) this.set({ receiver, state }, count);
      }
    },
  });
}

import { Counter, Gauge, type Registry } from 'prom-client';

/** What became of one Event or report. */
export type WriteResult =
  | 'written'
  /** The API server refused it. */
  | 'failed'
  /** Too much about this namespace, too old by the time that the API server was back, or nobody to write about. */
  | 'dropped'
  /** There was nothing to write. */
  | 'skipped';

export type WrittenThing = 'events' | 'reports';

/** The metrics of what is written into the cluster: no namespace, no image. */
export class ClusterMetrics {
  readonly #written: Readonly<Record<WrittenThing, Counter<'result'>>>;
  readonly #waiting: Gauge<'what'>;

  constructor(registry: Registry) {
    const counter = (name: string, help: string): Counter<'result'> =>
      new Counter({ name, help, labelNames: ['result'], registers: [registry] });
    this.#written = {
      events: counter('connaisseur_kubernetes_events_total', 'Kubernetes Events by what became of them'),
      reports: counter('connaisseur_policy_reports_total', 'Writes of policy reports by what became of them'),
    };
    this.#waiting = new Gauge({
      name: 'connaisseur_kubernetes_api_away',
      help: '1 while Events or reports wait for the API server',
      labelNames: ['what'],
      registers: [registry],
    });
  }

  count(what: WrittenThing, result: WriteResult): void {
    if (result !== 'skipped') this.#written[what].inc({ result });
  }

  waits(what: WrittenThing, waiting: boolean): void {
    this.#waiting.set({ what }, Number(waiting));
  }
}

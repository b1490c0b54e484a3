import type { Verdict } from '#contracts';
import { counterIn, gaugeIn } from '#observability';
import { type Counter, type Gauge, Histogram, type Registry } from 'prom-client';

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a verifier counts. No label holds an image's name. */
export class VerifierMetrics {
  readonly #duration: Histogram<'type' | 'validator_name' | 'result' | 'cache'>;
  readonly bus: Counter<'event'>;
  readonly registryRequests: Counter<'registry' | 'code'>;
  readonly sharedVerdicts: Counter<'event'>;
  readonly configReloadFailed: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'connaisseur_validation_duration_seconds',
      help: 'Time for the verdict on one image',
      labelNames: ['type', 'validator_name', 'result', 'cache'],
      buckets: BUCKETS,
      registers,
    });
    this.bus = counterIn(registry, {
      name: 'connaisseur_bus_events_total',
      help: 'What happened on the verification bus',
      labelNames: ['event'],
    });
    this.registryRequests = counterIn(registry, {
      name: 'connaisseur_registry_requests_total',
      help: 'Requests to registries',
      labelNames: ['registry', 'code'],
    });
    this.sharedVerdicts = counterIn(registry, {
      name: 'connaisseur_shared_verdicts_events_total',
      help: 'What happened to verdicts that verifiers share',
      labelNames: ['event'],
    });
    this.configReloadFailed = gaugeIn(registry, {
      name: 'connaisseur_config_last_reload_failed',
      help: '1 while the newest configuration is invalid and the last good one serves',
    });
  }

  observe(
    verdict: Verdict,
    validator: { name: string; type: string },
    cached: boolean,
    seconds: number,
  ): void {
    this.#duration.observe(
      {
        type: validator.type,
        validator_name: validator.name,
        result: verdict.outcome,
        cache: cached ? 'hit' : 'miss',
      },
      seconds,
    );
  }
}

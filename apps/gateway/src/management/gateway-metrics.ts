import type { DecisionRecord } from '#contracts';
import { counterIn, gaugeIn } from '#observability';
import { type Counter, type Gauge, Histogram, type Registry } from 'prom-client';

/** 10 s is the API server's default webhook timeout, 30 s its maximum; a cached answer takes well under 10 ms. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 25, 29];

/** Connaisseur's eight counters by their names and labels, and what an operator needs beside them. */
export class GatewayMetrics {
  readonly requests: Counter;
  readonly #admitted: Counter;
  readonly #denied: Counter<'timeout'>;
  readonly #validations: Counter<'type' | 'validator_name' | 'result'>;
  readonly #successful: Counter<'type' | 'validator_name'>;
  readonly #failed: Counter<'type' | 'validator_name'>;
  readonly #skipped: Counter<'type' | 'validator_name' | 'reason'>;
  readonly #timeouted: Counter<'type' | 'validator_name'>;
  readonly #duration: Histogram<'phase' | 'decision'>;
  readonly #decisions: Counter<'decision' | 'code' | 'mode' | 'phase'>;
  readonly cache: Counter<'result'>;
  readonly fallbacks: Counter<'reason'>;
  readonly bus: Counter<'event'>;
  readonly decisionLog: Counter<'event'>;
  readonly verificationCrashes: Counter;
  readonly configReloadFailed: Gauge;
  readonly #weakenings: Gauge<'feature'>;
  readonly #configInfo: Gauge<'hash'>;
  readonly certificateExpiry: Gauge;
  readonly registryRequests: Counter<'registry' | 'code'>;
  readonly mandatoryAlerts: Counter<'receiver' | 'result'>;

  constructor(registry: Registry) {
    const counter = <L extends string = never>(
      name: string,
      help: string,
      labelNames: L[] = [],
    ): Counter<L> => counterIn(registry, { name, help, labelNames });
    this.requests = counter('connaisseur_requests_total', 'Calls of /mutate');
    this.#admitted = counter(
      'connaisseur_requests_admitted_total',
      'Admission requests that /mutate admitted',
    );
    this.#denied = counter('connaisseur_requests_denied_total', 'Admission requests that were denied', [
      'timeout',
    ]);
    this.#validations = counter('connaisseur_validations_total', 'Validated images', [
      'type',
      'validator_name',
      'result',
    ]);
    this.#successful = counter('connaisseur_validations_successful_total', 'Images that were admitted', [
      'type',
      'validator_name',
    ]);
    this.#failed = counter('connaisseur_validations_failed_total', 'Images that were not admitted', [
      'type',
      'validator_name',
    ]);
    this.#skipped = counter('connaisseur_validations_skipped_total', 'Validations that were not needed', [
      'type',
      'validator_name',
      'reason',
    ]);
    this.#timeouted = counter('connaisseur_validations_timeouted_total', 'Validations that ran out of time', [
      'type',
      'validator_name',
    ]);
    this.#duration = new Histogram({
      name: 'connaisseur_admission_review_duration_seconds',
      help: 'Time from the first byte of a review to its answer',
      labelNames: ['phase', 'decision'],
      buckets: BUCKETS,
      registers: [registry],
    });
    this.#decisions = counter('connaisseur_decisions_total', 'Decisions of both webhooks', [
      'decision',
      'code',
      'mode',
      'phase',
    ]);
    this.cache = counter('connaisseur_cache_requests_total', 'Verdict look-ups in memory', ['result']);
    this.fallbacks = counter('connaisseur_fallbacks_total', 'Verifications done in the gateway itself', [
      'reason',
    ]);
    this.bus = counter('connaisseur_bus_events_total', 'What happened on the verification bus', ['event']);
    this.decisionLog = counter('connaisseur_decision_log_events_total', 'What happened to decision records', [
      'event',
    ]);
    this.verificationCrashes = counter(
      'connaisseur_verification_crashes_total',
      'Deaths of the verification thread',
    );
    this.registryRequests = counter('connaisseur_registry_requests_total', 'Requests to registries', [
      'registry',
      'code',
    ]);
    this.mandatoryAlerts = counter('connaisseur_mandatory_alerts_total', 'Alerts on which an answer hung', [
      'receiver',
      'result',
    ]);
    const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
      gaugeIn(registry, { name, help, labelNames });
    this.configReloadFailed = gauge(
      'connaisseur_config_last_reload_failed',
      '1 while the newest configuration is invalid and the last good one serves',
    );
    this.#weakenings = gauge('connaisseur_mode_info', 'Modes and weakenings in force', ['feature']);
    this.#configInfo = gauge('connaisseur_config_info', 'The configuration in force', ['hash']);
    this.certificateExpiry = gauge(
      'connaisseur_webhook_certificate_expiry_timestamp_seconds',
      'End of the serving certificate',
    );
  }

  /** The configuration in force and what it weakens (design rule 10). */
  showConfiguration(revision: string, weakenings: readonly string[]): void {
    this.#configInfo.reset();
    this.#configInfo.set({ hash: revision.slice(0, 12) }, 1);
    this.#weakenings.reset();
    for (const feature of weakenings) this.#weakenings.set({ feature }, 1);
  }

  /** One decision. Connaisseur's counters are those of `/mutate`, so that two webhooks do not count twice. */
  observe(record: DecisionRecord, seconds: number): void {
    const decision = record.allowed ? (record.wouldDeny ? 'would-deny' : 'allow') : 'deny';
    this.#duration.observe({ phase: record.phase, decision }, seconds);
    this.#decisions.inc({ decision, code: record.code ?? '', mode: record.mode, phase: record.phase });
    if (record.phase !== 'mutate') return;
    if (record.allowed) this.#admitted.inc();
    else this.#denied.inc({ timeout: String(record.result === 'timeout') as 'true' | 'false' });
    for (const image of record.images) this.#observeImage(image);
  }

  #observeImage(image: DecisionRecord['images'][number]): void {
    const labels = { type: image.validator?.type ?? 'unknown', validator_name: image.validator?.name ?? '' };
    const result = image.outcome === 'admitted' ? 'success' : 'error';
    this.#validations.inc({ ...labels, result });
    (image.outcome === 'admitted' ? this.#successful : this.#failed).inc(labels);
    if (image.code === 'CNS-2006') this.#timeouted.inc(labels);
    const reason = SKIP_REASONS.get(image.cached === true ? 'cached' : (image.ground ?? ''));
    if (reason !== undefined) this.#skipped.inc({ ...labels, reason });
  }
}

/** Upstream's words for why a validation was not needed. */
const SKIP_REASONS = new Map([
  ['cached', 'cache hit'],
  ['unchanged', 'unchanged image reference'],
  ['child', 'automatic approval of child image reference'],
]);

import type { DecisionRecord } from '#contracts';
import { counterIn, gaugeIn } from '#observability';
import { type Counter, type Gauge, Histogram, type Registry } from 'prom-client';

import { ConnaisseurCounters } from './connaisseur-counters.js';
import { Tally } from './tally.js';

/** 10 s is the API server's default webhook timeout, 30 s its maximum; a cached answer takes well under 10 ms. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 25, 29];

/** Connaisseur's eight counters, and what an operator needs beside them. */
export class GatewayMetrics {
  readonly requests: Counter;
  readonly fallbacks: Counter<'reason'>;
  readonly bus: Counter<'event'>;
  readonly decisionLog: Counter<'event'>;
  readonly sharedVerdicts: Counter<'event'>;
  readonly admittedWorkloads: Counter<'event'>;
  readonly childApprovals: Counter<'result'>;
  readonly verificationCrashes: Counter;
  readonly notaryEvents: Counter<'event'>;
  readonly registryRequests: Counter<'registry' | 'code'>;
  readonly mandatoryAlerts: Counter<'receiver' | 'result'>;
  readonly configReloadFailed: Gauge;
  readonly certificateExpiry: Gauge;
  readonly #connaisseur: ConnaisseurCounters;
  readonly #decisions: Counter<'decision' | 'code' | 'mode' | 'phase'>;
  readonly #cache: Counter<'result'>;
  readonly #duration: Histogram<'phase' | 'decision'>;
  readonly #weakenings: Gauge<'feature'>;
  readonly #configInfo: Gauge<'hash'>;
  readonly #decisionTally = new Tally<Readonly<Record<'decision' | 'code' | 'mode' | 'phase', string>>>();
  readonly #cacheTally = new Tally<{ readonly result: 'hit' | 'miss' }>();

  constructor(registry: Registry) {
    const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
      counterIn(registry, { name: `connaisseur_${name}`, help, labelNames, collect: () => this.#handOn() });
    const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
      gaugeIn(registry, { name: `connaisseur_${name}`, help, labelNames });
    this.#connaisseur = new ConnaisseurCounters(registry);
    this.requests = this.#connaisseur.requests;
    this.#decisions = counter('decisions_total', 'Decisions of both webhooks', [
      'decision',
      'code',
      'mode',
      'phase',
    ]);
    this.#cache = counter('cache_requests_total', 'Verdict look-ups in memory', ['result']);
    this.fallbacks = counter('fallbacks_total', 'Verifications done in the gateway itself', ['reason']);
    this.bus = counter('bus_events_total', 'What happened on the verification bus', ['event']);
    this.decisionLog = counter('decision_log_events_total', 'What happened to decision records', ['event']);
    this.sharedVerdicts = counter('shared_verdicts_events_total', 'What happened to shared verdicts', [
      'event',
    ]);
    this.admittedWorkloads = counter('admitted_workloads_events_total', 'Records of admitted owners', [
      'event',
    ]);
    this.childApprovals = counter('child_approvals_total', 'What became of claimed owners', ['result']);
    this.verificationCrashes = counter('verification_crashes_total', 'Deaths of verification threads', []);
    this.notaryEvents = counter('notary_events_total', 'Rollbacks of trust data that were not followed', [
      'event',
    ]);
    this.registryRequests = counter('registry_requests_total', 'Requests to registries', [
      'registry',
      'code',
    ]);
    this.mandatoryAlerts = counter('mandatory_alerts_total', 'Alerts on which an answer hung', [
      'receiver',
      'result',
    ]);
    this.configReloadFailed = gauge(
      'config_last_reload_failed',
      '1 while the newest configuration is no good',
      [],
    );
    this.#weakenings = gauge('mode_info', 'Modes and weakenings in force', ['feature']);
    this.#configInfo = gauge('config_info', 'The configuration in force', ['hash']);
    this.certificateExpiry = gauge(
      'webhook_certificate_expiry_timestamp_seconds',
      'End of the serving certificate',
      [],
    );
    this.#duration = durationIn(registry);
  }

  /** The configuration in force and what it weakens (design rule 10). */
  showConfiguration(revision: string, weakenings: readonly string[]): void {
    this.#configInfo.reset();
    this.#configInfo.set({ hash: revision.slice(0, 12) }, 1);
    this.#weakenings.reset();
    for (const feature of weakenings) this.#weakenings.set({ feature }, 1);
  }

  /** One decision, as it was answered. */
  observe(record: DecisionRecord, seconds: number): void {
    const { phase, mode, code = '' } = record;
    const decision = record.allowed ? (record.wouldDeny ? 'would-deny' : 'allow') : 'deny';
    this.#duration.observe({ phase, decision }, seconds);
    this.#decisionTally.add(`${decision} ${code} ${mode} ${phase}`, () => ({ decision, code, mode, phase }));
    this.#connaisseur.observe(record);
  }

  /** One look-up of a verdict in memory. */
  observeCache(result: 'hit' | 'miss'): void {
    this.#cacheTally.add(result, () => ({ result }));
  }

  #handOn(): void {
    this.#decisionTally.drain((labels, count) => this.#decisions.inc(labels, count));
    this.#cacheTally.drain((labels, count) => this.#cache.inc(labels, count));
  }
}

function durationIn(registry: Registry): Histogram<'phase' | 'decision'> {
  return new Histogram({
    name: 'connaisseur_admission_review_duration_seconds',
    help: 'Time from the first byte of a review to its answer',
    labelNames: ['phase', 'decision'],
    buckets: BUCKETS,
    registers: [registry],
  });
}

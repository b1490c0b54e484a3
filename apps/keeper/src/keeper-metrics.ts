import type { Counter, Gauge, Registry } from 'prom-client';

import { counterIn, gaugeIn } from '#observability';

/** What a keeper counts. */
export class KeeperMetrics {
  readonly drift: Counter<'configuration' | 'field'>;
  readonly present: Gauge<'configuration'>;
  readonly breakGlassActive: Gauge;
  readonly breakGlass: Counter<'event'>;
  readonly certificateEnd: Gauge<'certificate'>;
  readonly rotations: Counter<'step'>;
  readonly failures: Counter<'reason'>;
  readonly leader: Gauge;
  readonly lastLook: Gauge;

  constructor(registry: Registry) {
    this.drift = counterIn(registry, {
      name: 'connaisseur_webhook_drift_total',
      help: 'Differences found in a webhook configuration and put right, by field',
      labelNames: ['configuration', 'field'],
    });
    this.present = gaugeIn(registry, {
      name: 'connaisseur_webhook_present',
      help: '1 while the webhook configuration is there and as it shall be',
      labelNames: ['configuration'],
    });
    this.breakGlassActive = gaugeIn(registry, {
      name: 'connaisseur_break_glass_active',
      help: '1 while an emergency opening lets everything pass',
    });
    this.breakGlass = counterIn(registry, {
      name: 'connaisseur_break_glass_total',
      help: 'Emergency openings that were seen, and that ended',
      labelNames: ['event'],
    });
    this.certificateEnd = gaugeIn(registry, {
      name: 'connaisseur_certificate_not_after_seconds',
      help: 'End of a certificate, seconds since the epoch',
      labelNames: ['certificate'],
    });
    this.rotations = counterIn(registry, {
      name: 'connaisseur_certificate_rotations_total',
      help: 'Steps of certificate rotation',
      labelNames: ['step'],
    });
    this.failures = counterIn(registry, {
      name: 'connaisseur_keeper_failures_total',
      help: 'Looks that failed, by reason',
      labelNames: ['reason'],
    });
    this.leader = gaugeIn(registry, {
      name: 'connaisseur_keeper_leader',
      help: '1 while this keeper is the one that writes',
    });
    this.lastLook = gaugeIn(registry, {
      name: 'connaisseur_keeper_last_look_seconds',
      help: 'Time of the last look that succeeded, seconds since the epoch',
    });
  }
}

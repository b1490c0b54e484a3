import { lifeOf } from '#certificates';
import { type KubernetesApi, KubernetesError, orAbsent, secretData } from '#kubernetes';
import type { Logger } from '#observability';

import { isArmed } from './armed-mark.js';
import type { ClusterSettings } from './cluster-settings.js';
import { EventWriter, type EventReason } from './event-writer.js';
import type { KeeperMetrics } from './keeper-metrics.js';
import { Leadership } from './leadership.js';
import { secretPlace } from './places.js';
import { rotate } from './rotate.js';
import type { RotationStep } from './rotation-plan.js';
import { readTrustBundle } from './trust-source.js';
import type { GuardReport } from './webhook-guard.js';
import { guardWebhook } from './webhook-guard.js';
import type { WebhookManifest } from './webhook-manifests.js';

export interface KeeperParts {
  readonly api: KubernetesApi;
  /** Read anew for each look: an upgrade changes them under us. */
  readonly settings: () => ClusterSettings;
  readonly manifests: () => readonly WebhookManifest[];
  readonly identity: string;
  readonly metrics: KeeperMetrics;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Steps that are done at once after one another; more in one look would be a circle. */
const MAX_STEPS = 4;

/** One look at the installation: rotates what is due, puts right what differs, ends what has expired, and tells of it. */
export class Keeper {
  readonly #parts: KeeperParts;
  readonly #events: EventWriter;
  #openUntil: Date | undefined;
  #lastLook: Date | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#events = new EventWriter(parts.api, parts.identity, parts.now);
  }

  get lastLook(): Date | undefined {
    return this.#lastLook;
  }

  /** Never throws: what fails is counted and told, and the next look tries again. */
  async look(signal: AbortSignal): Promise<void> {
    const { metrics, log, now } = this.#parts;
    try {
      await this.#look(signal);
      this.#lastLook = now();
      metrics.lastLook.set(now().getTime() / 1000);
    } catch (error) {
      if (signal.aborted) return;
      metrics.failures.inc({ reason: error instanceof KubernetesError ? error.reason : 'other' });
      log.error({ err: error }, 'the keeper could not look; it tries again');
    }
  }

  /** Lets another keeper begin. */
  async release(signal: AbortSignal): Promise<void> {
    const { api, settings, identity, now } = this.#parts;
    await new Leadership(api, settings(), identity, now).release(signal);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { api, manifests, identity, metrics, now } = this.#parts;
    const settings = this.#parts.settings();
    const leads = await new Leadership(api, settings, identity, now).renew(signal);
    metrics.leader.set(leads ? 1 : 0);
    if (!leads || !(await isArmed(api, settings, signal))) return;
    const wanted = manifests();
    // Rotation first: after a long absence the authority may have ended, and nothing could be guarded with it.
    const rotated = await this.#rotate(settings, wanted, signal).catch((error: unknown) => ({ error }));
    await this.#guard(settings, wanted, signal);
    if (rotated !== undefined) throw rotated.error;
    await this.#measure(settings, signal);
  }

  async #rotate(
    settings: ClusterSettings,
    manifests: readonly WebhookManifest[],
    signal: AbortSignal,
  ): Promise<undefined> {
    for (let step = 0; settings.certificates.source === 'self' && step < MAX_STEPS; step += 1) {
      const done = await rotate(this.#parts.api, settings, this.#parts.now(), signal);
      if (done === 'none') break;
      await this.#tellStep(done, signal);
      // Both configurations have to know a successor before it may sign.
      if (done === 'make-next' || done === 'promote') await this.#guard(settings, manifests, signal);
    }
    return undefined;
  }

  async #guard(
    settings: ClusterSettings,
    manifests: readonly WebhookManifest[],
    signal: AbortSignal,
  ): Promise<void> {
    const { api, now } = this.#parts;
    const { bundle } = await readTrustBundle(api, settings, now(), signal);
    const reports: GuardReport[] = [];
    for (const manifest of manifests) {
      const report = await guardWebhook(api, settings, manifest, bundle, now(), signal);
      reports.push(report);
      await this.#tellDrift(report, signal);
    }
    await this.#tellBreakGlass(reports, signal);
  }

  async #tellDrift({ kind, drift, repaired, breakGlass }: GuardReport, signal: AbortSignal): Promise<void> {
    const { metrics, log } = this.#parts;
    metrics.present.set({ configuration: kind }, 1);
    if (drift.length === 0 || breakGlass.kind === 'over') return;
    for (const { field } of drift) metrics.drift.inc({ configuration: kind, field });
    const fields = drift.map(({ field, webhook }) => (webhook === '' ? field : `${webhook}: ${field}`));
    log.warn({ configuration: kind, fields, repaired }, 'a webhook configuration differed and was put right');
    await this.#tell('WebhookDrift', kind, `changed by somebody and put right: ${fields.join(', ')}`, signal);
  }

  /** Told once when it is first seen and once when it is over, also by a keeper that was not there in between. */
  async #tellBreakGlass(reports: readonly GuardReport[], signal: AbortSignal): Promise<void> {
    const { metrics, log } = this.#parts;
    const [first] = reports;
    const open = reports.map(({ breakGlass }) => breakGlass).find((state) => state.kind === 'open');
    const isOver = reports.some(({ breakGlass }) => breakGlass.kind === 'over');
    metrics.breakGlassActive.set(open === undefined ? 0 : 1);
    if (open !== undefined && this.#openUntil?.getTime() !== open.until.getTime()) {
      const { until, by, reason } = open;
      metrics.breakGlass.inc({ event: 'opened' });
      log.warn({ until: until.toISOString(), by, reason }, 'BREAK-GLASS: images are not verified');
      await this.#tell(
        'BreakGlassOpened',
        first?.kind ?? '',
        `images are not verified until ${until.toISOString()}, by ${by}: ${reason}`,
        signal,
      );
    }
    if (open === undefined && (isOver || this.#openUntil !== undefined)) {
      metrics.breakGlass.inc({ event: isOver ? 'expired' : 'ended' });
      log.warn({ expired: isOver }, 'break-glass is over: images are verified again');
      await this.#tell('BreakGlassEnded', first?.kind ?? '', 'images are verified again', signal);
    }
    this.#openUntil = open?.until;
  }

  async #tellStep(step: RotationStep, signal: AbortSignal): Promise<void> {
    this.#parts.metrics.rotations.inc({ step });
    this.#parts.log.info({ step }, 'certificate rotation');
    if (step === 'promote' || step === 'issue-serving') {
      const note = step === 'promote' ? 'a new authority signs from now on' : 'a new serving certificate';
      await this.#tell('CertificateRotated', 'ValidatingWebhookConfiguration', note, signal);
    }
  }

  async #measure(settings: ClusterSettings, signal: AbortSignal): Promise<void> {
    const { api, metrics, now } = this.#parts;
    const { notAfter } = await readTrustBundle(api, settings, now(), signal);
    metrics.certificateEnd.set({ certificate: 'authority' }, notAfter.getTime() / 1000);
    const serving = await orAbsent(api.get(secretPlace(settings, settings.certificates.secretName), signal));
    const leaf = serving === undefined ? undefined : secretData(serving, 'tls.crt')?.toString('utf8');
    if (leaf !== undefined)
      metrics.certificateEnd.set({ certificate: 'serving' }, lifeOf(leaf).notAfter.getTime() / 1000);
  }

  async #tell(reason: EventReason, kind: string, note: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#events.write(this.#parts.settings().namespace, { reason, kind, note }, signal);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'the Event could not be written');
    }
  }
}

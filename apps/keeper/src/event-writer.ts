import { randomBytes } from 'node:crypto';

import { KINDS, type KubernetesApi } from '#kubernetes';

import { microTime } from './leadership.js';
import { WEBHOOK_NAME } from './places.js';

export type EventReason = 'WebhookDrift' | 'BreakGlassOpened' | 'BreakGlassEnded' | 'CertificateRotated';

export interface KeeperEvent {
  readonly reason: EventReason;
  /** Kind of the webhook configuration that it is about. */
  readonly kind: string;
  readonly note: string;
}

/** Writes Kubernetes Events about a webhook configuration; they are news, so a failure is told and nothing depends on it. */
export class EventWriter {
  readonly #api: KubernetesApi;
  readonly #instance: string;
  readonly #now: () => Date;

  constructor(api: KubernetesApi, instance: string, now: () => Date) {
    this.#api = api;
    this.#instance = instance;
    this.#now = now;
  }

  async write(namespace: string, { reason, kind, note }: KeeperEvent, signal: AbortSignal): Promise<void> {
    const manifest = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `connaisseur.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: microTime(this.#now()),
      reportingController: 'connaisseur.securesystemsengineering/keeper',
      reportingInstance: this.#instance.slice(0, 128),
      action: reason,
      reason,
      type: reason === 'CertificateRotated' || reason === 'BreakGlassEnded' ? 'Normal' : 'Warning',
      // About our Deployment: an Event about an object without a namespace would have to live in `default`.
      regarding: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'connaisseur', namespace },
      related: { apiVersion: 'admissionregistration.k8s.io/v1', kind, name: WEBHOOK_NAME },
      note: note.slice(0, 1000),
    };
    await this.#api.create(KINDS.event, manifest, signal);
  }
}

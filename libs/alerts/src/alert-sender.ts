import type { DecisionRecord } from '#contracts';

import { alertVariables } from './alert-variables.js';
import { deliver } from './deliver.js';
import type { DeliveryOutcome } from './delivery-outcome.js';
import { AlertRenderError } from './error.js';
import { resolveProfile } from './profile.js';
import { renderAlert, type RenderedAlert } from './render-alert.js';
import type { AlertRoute } from './route-alert.js';
import type { TemplateCatalogue } from './template-catalogue.js';
import type { AlertTransport } from './transport.js';

/** What an alert is about, besides its route. */
export interface AlertSubject {
  readonly record: DecisionRecord;
  /** `alerting.clusterIdentifier` */
  readonly clusterIdentifier: string;
}

/** Renders and delivers one alert, once. The queue's workers and a gateway that waits for the answer both use it. */
export class AlertSender {
  readonly #templates: TemplateCatalogue;
  readonly #transport: AlertTransport;
  readonly #timeoutMs: number;
  readonly #now: () => number;

  constructor(options: {
    templates: TemplateCatalogue;
    transport: AlertTransport;
    timeoutMs: number;
    now: () => number;
  }) {
    this.#templates = options.templates;
    this.#transport = options.transport;
    this.#timeoutMs = options.timeoutMs;
    this.#now = options.now;
  }

  /** One attempt. A missing or impossible template is worth another attempt, since a reload can mend it. */
  async send(route: AlertRoute, subject: AlertSubject, signal: AbortSignal): Promise<DeliveryOutcome> {
    const rendered = this.#render(route, subject);
    if (rendered instanceof AlertRenderError) {
      return { kind: 'retry', reason: 'NOT_RENDERED', message: rendered.message };
    }
    if (rendered.kind === 'empty') return { kind: 'skipped' };
    const { receiver, alertId, eventId } = route;
    const delivery = {
      payload: { body: rendered.body, alertId, eventId },
      timeoutMs: this.#timeoutMs,
      now: this.#now(),
    };
    return await deliver(receiver, delivery, this.#transport, signal);
  }

  #render(
    { receiver }: AlertRoute,
    { record, clusterIdentifier }: AlertSubject,
  ): RenderedAlert | AlertRenderError {
    const template = this.#templates.get(receiver.template);
    if (template === undefined) {
      return new AlertRenderError(
        'NO_TEMPLATE',
        `expected a usable template "${receiver.template}" in the alerts directory`,
      );
    }
    const host = URL.parse(receiver.receiverUrl.reveal())?.hostname ?? '';
    const { profile } = resolveProfile(receiver.template, host);
    const variables = alertVariables(record, { clusterIdentifier, priority: receiver.priority });
    try {
      return renderAlert(template, variables, profile, receiver.payloadFields);
    } catch (error) {
      if (error instanceof AlertRenderError) return error;
      throw error;
    }
  }
}

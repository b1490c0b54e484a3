import type { AlertingConfig, ReceiverConfig } from '#config';
import type { AlertOutcome, DecisionRecord } from '#contracts';

import { alertIdOf, eventIdOf } from './alert-id.js';
import { alertOutcome, isOnlyDetected } from './alert-outcome.js';

/** One alert for one receiver. */
export interface AlertRoute {
  readonly outcome: AlertOutcome;
  readonly receiver: ReceiverConfig;
  /** `reject-slack-0`: the receiver's name with its list, since both lists may have a `slack-0`. */
  readonly key: string;
  readonly eventId: string;
  /** Deterministic: names the job and is the idempotency key of every attempt. */
  readonly alertId: string;
  /** `answer`: the gateway delivers it itself, because the answer hangs on it (`failIfAlertSendingFails`). */
  readonly via: 'queue' | 'answer';
}

/** Every receiver that hears of this decision. Nothing is sent for dry-run or for exempt namespaces, and one admission is one alert, not one for each webhook. */
export function routeAlert(alerting: AlertingConfig, record: DecisionRecord): readonly AlertRoute[] {
  // Nobody looked at what is exempt, so there is nothing to tell, and nothing may hang on telling it.
  if (record.dryRun || (record.mode === 'ignored' && record.allowed)) return [];
  const outcome = alertOutcome(record);
  if (outcome === 'admit' && record.phase !== 'mutate') return [];
  const eventId = eventIdOf(record);
  return alerting[outcome]
    .map((receiver) => toRoute(outcome, receiver, eventId))
    .filter((route) => route.via === 'queue' || isFirstToSay(record));
}

/** The receiver's name with its list: unique in a configuration. */
export function receiverKey(outcome: AlertOutcome, receiver: ReceiverConfig): string {
  return `${outcome}-${receiver.name}`;
}

function toRoute(outcome: AlertOutcome, receiver: ReceiverConfig, eventId: string): AlertRoute {
  const key = receiverKey(outcome, receiver);
  const via = receiver.failIfAlertSendingFails ? 'answer' : 'queue';
  return { outcome, receiver, key, eventId, alertId: alertIdOf(eventId, key), via };
}

/** In detection mode `/mutate` lets the request through and `/validate` finds the same again. */
function isFirstToSay(record: DecisionRecord): boolean {
  return !isOnlyDetected(record) || record.phase === 'mutate';
}

import { createHash } from 'node:crypto';

import type { DecisionRecord } from '#contracts';

import { alertOutcome } from './alert-outcome.js';

/** Names one event: the same for every copy of a record and for both webhooks of one request. */
export function eventIdOf(record: DecisionRecord): string {
  return hashOf('event', record.cluster, record.uid, alertOutcome(record));
}

/** Names one event at one receiver; the same on every retry. Hex only, so it fits a job id and a header (H22). */
export function alertIdOf(eventId: string, receiverKey: string): string {
  return `a${hashOf('alert', eventId, receiverKey).slice(0, 40)}`;
}

/** Groups alerts about the same thing: equal while a controller retries the same refused images. */
export function alertKeyOf(record: DecisionRecord): string {
  return hashOf('key', ...subjectOf(record)).slice(0, 32);
}

/**
 * Names what a detection found. The API server gives each webhook call an uid of its own, so that `/validate`
 * repeats the finding of `/mutate` under another uid; this is what the two have in common.
 */
export function detectionKeyOf(record: DecisionRecord): string {
  return hashOf('detection', record.operation, ...subjectOf(record));
}

function subjectOf(record: DecisionRecord): readonly string[] {
  const images = record.images
    .filter(({ outcome }) => outcome !== 'admitted' || alertOutcome(record) === 'admit')
    .map(({ image, outcome, code }) => JSON.stringify([image, outcome, code ?? '']))
    .toSorted();
  return [record.cluster, record.namespace, record.kind, alertOutcome(record), record.code ?? '', ...images];
}

/** JSON keeps the parts apart, whatever stands in them. */
function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

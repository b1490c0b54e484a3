import { createHash } from 'node:crypto';

import { plainText } from '#admission';
import { alertKeyOf } from '#alerts';
import type { DecisionRecord } from '#contracts';
import type { Manifest } from '#kubernetes';

import type { EventSubject } from './event-subjects.js';

/** Validation of events.k8s.io/v1 refuses a longer note, and counts bytes. */
const MAX_NOTE = 1000;
const CONTROLLER = 'connaisseur.securesystemsengineering/alerting';
const UNAVAILABLE: ReadonlySet<string> = new Set(['undecided', 'timeout']);

/** Name of the Event: one for as long as the same images of the same subject are denied for the same reason. */
export function eventName(record: DecisionRecord, { regarding }: EventSubject): string {
  const { apiVersion, kind, name, uid } = regarding;
  const parts = [alertKeyOf(record), record.allowed, apiVersion, kind, name, uid ?? ''];
  return `connaisseur.${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}

/** A Kubernetes Event about a denial; every field is within what the API server accepts, whatever the record says. */
export function eventManifest(
  record: DecisionRecord,
  subject: EventSubject,
  { count, now, instance }: { readonly count: number; readonly now: number; readonly instance: string },
): Manifest {
  const unavailable = UNAVAILABLE.has(record.result);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(record, subject), namespace: subject.regarding.namespace },
    eventTime: microTime(record.time),
    reportingController: CONTROLLER,
    reportingInstance: plainText(instance, 128) || 'alerting',
    action: record.allowed ? 'WouldDeny' : 'Deny',
    reason: unavailable ? 'ImageVerificationUnavailable' : 'ImageVerificationFailed',
    type: 'Warning',
    ...subject,
    note: noteOf(record),
    ...(count > 1 && { series: eventSeries(count, now) }),
  };
}

/** How often it happened; an Event has no series before the second time. */
export function eventSeries(count: number, now: number): { count: number; lastObservedTime: string } {
  return { count, lastObservedTime: microTime(now) };
}

function noteOf(record: DecisionRecord): string {
  const { message, code, kind, name, allowed } = record;
  const mode = allowed ? 'would be denied (nothing is enforced here)' : 'denied';
  const said = message ?? `${code ?? ''} the image could not be verified`;
  return plainText(`${kind} ${plainText(name, 253)} ${mode}: ${said}`, MAX_NOTE);
}

/** metav1.MicroTime */
function microTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), MAX_TIME)).toISOString().replace('Z', '000Z');
}

/** Of a JSON time that Go reads: the year 9999. */
const MAX_TIME = 253_402_300_799_000;

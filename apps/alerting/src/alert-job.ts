import type { AlertRoute } from '#alerts';
import { DecisionRecord } from '#contracts';

import type { JobSeal } from './job-seal.js';

/**
 * What lies in the queue: the receiver's name and what was decided. Never its URL, headers or `payloadFields`; those are
 * read from the configuration when the alert is sent, so a corrected URL also delivers what waits.
 */
export interface AlertJob {
  readonly v: 1;
  /** `reject-slack-0` */
  readonly receiver: string;
  readonly eventId: string;
  readonly alertId: string;
  /** JSON text of the decision, as the seal covers it. */
  readonly record: string;
  readonly mac?: string;
}

const EVENT_ID = /^[0-9a-f]{64}$/;
const ALERT_ID = /^a[0-9a-f]{40}$/;
const MAX_RECORD_CHARACTERS = 512 * 1024;

/** The job for one alert. Evidence and sites stay behind: no template can name them, and Redis keeps every byte. */
export function toAlertJob(route: AlertRoute, record: DecisionRecord, seal: JobSeal): AlertJob {
  const images = record.images.map((image) => ({ ...image, sites: [], evidence: undefined }));
  const { key: receiver, eventId, alertId } = route;
  const fields = { receiver, eventId, alertId, record: JSON.stringify({ ...record, images }) };
  const mac = seal.seal(fields);
  return { v: 1, ...fields, ...(mac === undefined ? {} : { mac }) };
}

/** What came out of the queue: hostile until proven. Nothing where it is not a job of ours for this receiver. */
export function readAlertJob(
  data: unknown,
  receiver: string,
  seal: JobSeal,
): { readonly job: AlertJob; readonly record: DecisionRecord } | undefined {
  const job = parseAlertJob(data);
  if (job?.receiver !== receiver || !seal.isGenuine(job, job.mac)) return undefined;
  const record = DecisionRecord.safeParse(parseJson(job.record));
  return record.success ? { job, record: record.data } : undefined;
}

function parseAlertJob(data: unknown): AlertJob | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(data));
  const [receiver, eventId, alertId, record, mac] = ['receiver', 'eventId', 'alertId', 'record', 'mac'].map(
    (name) => {
      const value = fields.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  );
  if (fields.get('v') !== 1 || receiver === undefined || record === undefined) return undefined;
  if (eventId === undefined || !EVENT_ID.test(eventId) || alertId === undefined || !ALERT_ID.test(alertId))
    return undefined;
  if (record.length > MAX_RECORD_CHARACTERS) return undefined;
  return { v: 1, receiver, eventId, alertId, record, ...(mac === undefined ? {} : { mac }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a record; the schema says so.
    return undefined;
  }
}

import { z } from 'zod';

import type { AlertRoute } from '#alerts';
import { DecisionRecord } from '#contracts';

import type { JobSeal } from './job-seal.js';

/**
 * What lies in the queue: the receiver's name and what was decided. Never its URL, headers or `payloadFields`; those are
 * read from the configuration when the alert is sent, so a corrected URL also delivers what waits.
 */
export const AlertJob = z.strictObject({
  v: z.literal(1),
  /** `reject-slack-0` */
  receiver: z.string().max(128),
  eventId: z.string().regex(/^[0-9a-f]{64}$/),
  alertId: z.string().regex(/^a[0-9a-f]{40}$/),
  /** JSON text of the decision, as the seal covers it. */
  record: z.string().max(512 * 1024),
  mac: z.string().max(64).optional(),
});
export type AlertJob = z.infer<typeof AlertJob>;

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
  const job = AlertJob.safeParse(data);
  if (!job.success || job.data.receiver !== receiver || !seal.isGenuine(job.data, job.data.mac))
    return undefined;
  const record = DecisionRecord.safeParse(parseJson(job.data.record));
  return record.success ? { job: job.data, record: record.data } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a record; the schema says so.
    return undefined;
  }
}

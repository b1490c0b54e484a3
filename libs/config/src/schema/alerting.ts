import { z } from 'zod';

import { identifier } from './scalars.js';

export const ReceiverSchema = z.strictObject({
  template: identifier()
    .max(64)
    .describe('Template that makes the payload: the name of its file without .json.'),
  receiverUrl: z
    .string()
    .min(1)
    .max(8192)
    .describe('http or https URL that the payload is posted to. Secret.'),
  priority: z.int().min(0).default(3).describe('Priority of the alert, in the receiver’s own scale.'),
  customHeaders: z
    .array(z.string().min(1).max(8192))
    .min(1)
    .max(64)
    .optional()
    .describe('HTTP headers, each as "Name: value". Secret.'),
  payloadFields: z
    .record(z.string(), z.unknown())
    .refine((fields) => Object.keys(fields).length > 0, {
      error: 'expected at least 1 field, got an empty map',
    })
    .optional()
    .describe('Fields that replace or join the top level of the payload.'),
  failIfAlertSendingFails: z
    .boolean()
    .default(false)
    .describe('Deny the request when this alert cannot be delivered.'),
});
export type ReceiverInput = z.infer<typeof ReceiverSchema>;

const Receivers = z.strictObject({
  receivers: z.array(ReceiverSchema).max(100).default([]).describe('Who is told.'),
});

export const AlertingSchema = z.strictObject({
  clusterIdentifier: z
    .string()
    .min(1)
    .max(253)
    .default('not specified')
    .describe('Name of this cluster in alerts.'),
  admitRequest: Receivers.prefault({}).describe('Alerts about admitted requests.'),
  rejectRequest: Receivers.prefault({}).describe('Alerts about rejected requests.'),
  templates: z
    .record(identifier().max(64), z.string().max(65_536))
    .optional()
    .describe(
      'Templates of your own by name, as JSON text; the chart mounts them beside the ones that ship.',
    ),
});

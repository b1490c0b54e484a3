import { z } from 'zod';

import { AlertingSchema } from './alerting.js';
import { FeaturesSchema } from './features.js';
import { RuleSchema } from './rule.js';
import { anyCase } from './scalars.js';
import { ValidatorSchema } from './validator.js';

export const RegistrySchema = z.strictObject({
  host: z.string().min(1).max(260).describe('Registry host, with port if any.'),
  insecurePlainHttp: z.boolean().default(false).describe('Talk to this registry without TLS.'),
  cert: z.string().min(1).optional().describe('Certificates that this registry may be signed by, PEM.'),
});

export const LogLevelSchema = anyCase(['debug', 'info', 'warn', 'error', 'fatal']);
export const LogFormatSchema = z.enum(['json', 'json-pretty', 'text']);

const application = {
  validators: z.array(ValidatorSchema).min(1).describe('Who decides: each by its own kind of signature.'),
  policy: z.array(RuleSchema).min(1).describe('Which validator decides about which images.'),
  features: FeaturesSchema.prefault({}).describe('How decisions are made and used.'),
  registries: z.array(RegistrySchema).default([]).describe('Registries that are reached in their own way.'),
  logLevel: LogLevelSchema.default('info').describe('Least level that is logged.'),
  logFormat: LogFormatSchema.default('json').describe('Format of the log; json-pretty is read as json.'),
};

/** The chart's values file. */
export const ValuesSchema = z.strictObject({
  application: z.strictObject(application).describe('Validators, policy and features.'),
  alerting: AlertingSchema.optional().describe('Who is told about decisions.'),
  kubernetes: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('How it is deployed; the chart reads this.'),
  global: z.record(z.string(), z.unknown()).optional().describe('Helm’s values for all charts; not read.'),
});

/** The document that the chart mounts: what is below `application` stands at the top. */
export const RenderedSchema = z.strictObject({
  ...application,
  alerting: AlertingSchema.optional().describe('Who is told about decisions.'),
});

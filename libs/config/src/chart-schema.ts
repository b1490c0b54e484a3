import { z } from 'zod';

import { AlertingSchema } from './schema/alerting.js';
import { KubernetesSchema } from './schema/chart.js';
import { ValuesSchema } from './schema/values.js';

/** The chart's values: what every process reads, and how it is deployed. */
const ChartValuesSchema = ValuesSchema.extend({
  kubernetes: KubernetesSchema.optional().describe('How it is deployed.'),
  // Connaisseur's values file ends with this key and a comment.
  alerting: AlertingSchema.nullable().optional().describe('Who is told about decisions.'),
});

/** JSON Schema (draft-7) of everything that the chart takes: closed at every level, a description for every key. */
export function chartJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ChartValuesSchema, { target: 'draft-7', io: 'input', reused: 'inline' });
  return { title: 'Values of the chart connaisseur', ...schema };
}

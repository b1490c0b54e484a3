import { z } from 'zod';

import { KubernetesSchema } from './schema/chart.js';
import { ValuesSchema } from './schema/values.js';

/** The chart's values: what every process reads, and how it is deployed. */
const ChartValuesSchema = ValuesSchema.extend({
  kubernetes: KubernetesSchema.optional().describe('How it is deployed.'),
});

/** JSON Schema (draft-7) of everything that the chart takes: closed at every level, a description for every key. */
export function chartJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ChartValuesSchema, {
    target: 'draft-7',
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // Words that are read in any case: an editor proposes the usual spelling, helm takes each.
      if (!(zodSchema instanceof z.ZodPipe) || !(zodSchema.out instanceof z.ZodEnum)) return;
      const words = zodSchema.out.options.map(String);
      const { type: _type, enum: _enum, ...others } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, others, {
        type: 'string',
        anyOf: [{ enum: words }, { pattern: `^(${words.map(inAnyCase).join('|')})$` }],
      });
    },
  });
  const { alerting = {} } = schema.properties ?? {};
  // Connaisseur's values file ends with this key and a comment: a null there is nothing.
  const properties = { ...schema.properties, alerting: { ...Object(alerting), type: ['object', 'null'] } };
  return { title: 'Values of the chart connaisseur', ...schema, properties };
}

/** JSON Schema knows no flag for it. */
function inAnyCase(word: string): string {
  return word.replaceAll(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}

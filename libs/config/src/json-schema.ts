import { z } from 'zod';

import { ValuesSchema } from './schema/values.js';

/** JSON Schema (draft-7) of the values file, for editors and for Helm. Every key has a description. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ValuesSchema, { target: 'draft-7', io: 'input' });
  return { title: 'Connaisseur values', ...schema };
}

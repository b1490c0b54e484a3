import { z } from 'zod';

import type { Path } from '../path.js';

import { valueAt } from './data.js';

type Schema = z.core.$ZodType;

/** The keys that the schema knows at a path of a value; empty where it takes any key, or where there is no map. */
export function keysAt(schema: Schema, value: unknown, path: Path): readonly string[] {
  let current: Schema | undefined = schema;
  let at = value;
  for (const step of path) {
    current = current === undefined ? undefined : below(current, at, step);
    at = valueAt(at, [step]);
  }
  const map = current === undefined ? undefined : bare(current, at);
  return map instanceof z.ZodObject ? Object.keys(map.shape) : [];
}

function below(schema: Schema, value: unknown, step: string | number): Schema | undefined {
  const plain = bare(schema, value);
  if (plain instanceof z.ZodArray) return plain.element;
  if (!(plain instanceof z.ZodObject)) return undefined;
  // zod types the shape of an unknown object as `any`-keyed; every value of a shape is a schema.
  const shape = plain.shape as Readonly<Record<string, Schema>>;
  return Object.hasOwn(shape, step) ? shape[step] : undefined;
}

/** Without defaults and options; of a union, the branch that the value is meant for. */
function bare(schema: Schema, value: unknown): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return bare(schema.unwrap(), value);
  }
  if (schema instanceof z.ZodPipe) return bare(schema.out, value);
  if (schema instanceof z.ZodUnion) {
    const maps = schema.options.filter((option) => option instanceof z.ZodObject);
    const type = valueAt(value, ['type']);
    return maps.find(({ shape }) => acceptsType(shape, type)) ?? maps[0] ?? schema;
  }
  return schema;
}

function acceptsType(shape: Readonly<Record<string, Schema>>, type: unknown): boolean {
  const tag = shape['type'];
  return tag instanceof z.ZodLiteral && tag.values.has(type as z.core.util.Literal);
}

import type { z } from 'zod';

import { valueAt } from './data.js';

/**
 * The value as the schema gives it, where need be without the keys that the schema refuses: so that one misspelt key
 * does not hide the other mistakes of its part. What was refused is an error elsewhere; this only serves to find more.
 */
export function salvage<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const pruned: unknown = structuredClone(value);
  for (const issue of result.error.issues) {
    // The data came from YAML: its keys are text and numbers, never symbols.
    const path = issue.path as (string | number)[];
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) remove(pruned, [...path, key]);
    else remove(pruned, path);
  }
  return schema.safeParse(pruned).data;
}

/** Each item of a list by its place, as far as the schema takes it. */
export function salvageItems<S extends z.ZodType>(schema: S, list: unknown): [number, z.infer<S>][] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index): [number, z.infer<S>][] => {
    const input = salvage(schema, item);
    return input === undefined ? [] : [[index, input]];
  });
}

/** Takes a key out of its map; items of lists stay, because others are counted by their place. */
function remove(root: unknown, path: readonly (string | number)[]): void {
  const map = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof map === 'object' && map !== null && !Array.isArray(map) && typeof key === 'string') {
    Reflect.deleteProperty(map, key);
  }
}

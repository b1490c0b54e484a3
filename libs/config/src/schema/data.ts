import type { Path } from '../path.js';

/** What stands at a path of plain data; undefined where nothing does. Asks for own keys only. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    // A list or a plain map of `toData`.
    return (at as Readonly<Record<string | number, unknown>>)[step];
  }, value);
}

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** An object and not a list: what every receiver wants as a body. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a string stands in a payload. */
export interface LeafPosition {
  /** RFC 6901 pointer, `/blocks/0/text/text`. */
  readonly path: string;
  /** The `type` members of the objects around it, from the outside in: `['header', 'plain_text']`. */
  readonly types: readonly string[];
}

export const ROOT: LeafPosition = { path: '', types: [] };

/** The position of a member or an item. */
export function childPosition(position: LeafPosition, key: string | number, parent: JsonValue): LeafPosition {
  const path = `${position.path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { path, types: typesWithin(position, parent) };
}

/** Builds a value anew, string by string; keys, numbers and order stay. `__proto__` stays an ordinary key. */
export function mapStrings(
  value: JsonValue,
  change: (text: string, position: LeafPosition) => string,
  position: LeafPosition = ROOT,
): JsonValue {
  if (typeof value === 'string') return change(value, position);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value))
    return value.map((item, index) => mapStrings(item, change, childPosition(position, index, value)));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      mapStrings(member, change, childPosition(position, key, value)),
    ]),
  );
}

/** Array.isArray does not narrow a readonly list. */
export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function typesWithin(position: LeafPosition, parent: JsonValue): readonly string[] {
  if (!isJsonObject(parent)) return position.types;
  const type = Object.hasOwn(parent, 'type') ? parent['type'] : undefined;
  return typeof type === 'string' ? [...position.types, type] : position.types;
}

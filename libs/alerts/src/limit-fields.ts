import { childPosition, isList, type JsonValue, type LeafPosition, ROOT } from './json-value.js';
import { MARKUPS } from './markup.js';
import { limitAt, markupAt, type Profile } from './profile.js';
import { truncateText } from './truncate-text.js';

/** Cuts every string and list to what the receiver takes at that place; `cap` is an upper bound for all strings. */
export function limitFields(
  value: JsonValue,
  profile: Profile,
  cap = Infinity,
  position: LeafPosition = ROOT,
): JsonValue {
  if (typeof value === 'string') {
    const max = Math.min(cap, limitAt(profile, position)?.maxCharacters ?? Infinity);
    return truncateText(value, max, MARKUPS[markupAt(profile, position)].unit);
  }
  if (typeof value !== 'object' || value === null) return value;
  const limited = (key: string | number, member: JsonValue): JsonValue =>
    limitFields(member, profile, cap, childPosition(position, key, value));
  if (isList(value)) {
    const items = value.slice(0, limitAt(profile, position)?.maxItems);
    return items.map((item, index) => limited(index, item));
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, limited(key, member)]));
}

/** Cuts between code points: a surrogate pair stays whole. */
export const CODE_POINT = /./gsu;

/**
 * Cuts a text to at most `max` UTF-16 units, the last of them `…`. Never cuts inside a unit; a markup's unit is
 * whatever means something else when it is cut: an entity, an escaped character, a surrogate pair.
 */
export function truncateText(text: string, max: number, unit: RegExp = CODE_POINT): string {
  if (text.length <= max) return text;
  let end = 0;
  for (const [part] of text.matchAll(unit)) {
    if (end + part.length > max - 1) break;
    end += part.length;
  }
  return `${text.slice(0, end)}…`;
}

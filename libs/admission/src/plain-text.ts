const PRINTABLE = /^[\x20-\x7e]*$/;
const TYPOGRAPHY = new Map([
  ['\u2018', "'"],
  ['\u2019', "'"],
  ['\u201c', '"'],
  ['\u201d', '"'],
  ['\u2013', '-'],
  ['\u2014', '-'],
  ['\u2026', '..'],
]);

/**
 * At most `max` printable ASCII characters. Line breaks, escape sequences, bidirectional marks and look-alike letters
 * become `?`: the text ends up in terminals, logs and audit records, where it must not be able to say something else.
 */
export function plainText(text: string, max: number): string {
  return clip(printable(text.length > max ? text.slice(0, max + 1) : text), max);
}

/**
 * The same for a reference, which is known by its host and by its tag: both ends stay. What stands before an `@` and is
 * no part of a reference may be somebody's password and is masked.
 */
export function plainReference(text: string, max: number): string {
  const short = text.length <= 2 * KEPT ? text : `${text.slice(0, KEPT)}..${text.slice(-KEPT)}`;
  const shown = short.replace(USER_INFO, '$1***@');
  const half = Math.floor((max - 2) / 2);
  return printable(shown.length <= max ? shown : `${shown.slice(0, half)}..${shown.slice(-half)}`);
}

/** Longer than any reference that a runtime pulls. */
const KEPT = 1024;
const USER_INFO = /^([a-z]+:\/\/)?[^/@]*@(?!sha)/i;

function printable(text: string): string {
  return PRINTABLE.test(text)
    ? text
    : text.replaceAll(/[^\x20-\x7e]/g, (char) => TYPOGRAPHY.get(char) ?? '?');
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 2)}..`;
}

import { malformed } from './error.js';

/**
 * OLPC canonical JSON, the form that notary signs: keys in the order of their UTF-8 bytes, only `"` and `\` escaped, whole
 * numbers. Throws TrustDataError for what has no such form.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
    throw malformed('expected whole numbers only');
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element)).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError('expected a JSON value');
}

function canonicalObject(value: object): string {
  // Entries, not look-ups: `__proto__` is an ordinary key here.
  const members = new Map<string, unknown>(Object.entries(value));
  const parts = sortedByBytes([...members.keys()]).map(
    (key) => `${quoted(key)}:${canonicalJson(members.get(key))}`,
  );
  return `{${parts.join(',')}}`;
}

/** UTF-16 order is that of UTF-8 but for U+E000 to U+FFFF against the planes above. */
function sortedByBytes(keys: string[]): string[] {
  if (keys.some((key) => /[\ud800-\uffff]/.test(key))) {
    return keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  }
  return keys.sort();
}

function quoted(text: string): string {
  // A lone surrogate becomes U+FFFD in UTF-8: two texts would have one signature.
  if (!text.isWellFormed()) throw malformed('expected well-formed Unicode');
  return `"${/["\\]/.test(text) ? text.replaceAll(/["\\]/g, String.raw`\$&`) : text}"`;
}

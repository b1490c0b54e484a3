import { createHash } from 'node:crypto';

import { Secret } from './secret.js';

/**
 * One text for one meaning: keys sorted, nothing between the tokens, absent and undefined the same. A secret is there
 * as the SHA-256 of its value, so that another secret is another text and the text tells nobody the secret.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sorted(value: unknown): unknown {
  if (value instanceof Secret) return { secretSha256: sha256(JSON.stringify(value.reveal())) };
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]),
  );
}

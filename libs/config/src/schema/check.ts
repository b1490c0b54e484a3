import type { z } from 'zod';

import type { Path } from '../path.js';
import type { Report } from '../report.js';
import { closest, didYouMean } from '../suggestion.js';

import { valueAt } from './data.js';
import { keysAt } from './keys-at.js';
import { VALIDATOR_TYPES } from './validator.js';
import { expectationOf, nounFor } from './words.js';

/** Keys of older versions and of older documentation, and what they are called now. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['key', 'trustRoot'],
  ['k8s_keychain', 'useKeychain'],
  ['templates', 'receivers'],
]);

/** The value as the schema gives it, or undefined; then every issue is in the report, with its place and a way out. */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  report: Report,
): z.infer<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(schema, value, issue, [], report);
  return undefined;
}

type Issue = z.core.$ZodIssue;

function reportIssue(schema: z.ZodType, value: unknown, issue: Issue, base: Path, report: Report): void {
  // The data came from YAML: its keys are text and numbers, never symbols.
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const got = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) reportUnknownKey(key, keysAt(schema, value, path), path, report);
      return;
    case 'invalid_union':
      reportUnion(schema, value, issue, path, report);
      return;
    case 'invalid_type':
      if (got === undefined)
        report.error('required', `expected ${nounFor(issue.expected)}, got nothing`, path);
      else report.error('type', expectationOf(issue.expected, got), path);
      return;
    case 'invalid_value':
      reportWord(issue.values.map(String), got, path, report);
      return;
    case 'too_small':
      report.error('range', `expected at least ${amountOf(issue.origin, issue.minimum, got)}`, path);
      return;
    case 'too_big':
      report.error('range', `expected at most ${amountOf(issue.origin, issue.maximum, got)}`, path);
      return;
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
      report.error('format', issue.message, path);
  }
}

function reportUnknownKey(key: string, known: readonly string[], path: Path, report: Report): void {
  const renamed = RENAMED.get(key);
  const meant = renamed !== undefined && known.includes(renamed) ? renamed : closest(key, known);
  const hint = meant === undefined ? `; known here: ${known.join(', ')}` : ` - did you mean "${meant}"?`;
  report.error('unknown-key', `unknown key "${key}"${hint}`, [...path, key], 'key');
}

/** Of a union, only the branch for a map says something useful; a wrong discriminator has no branch at all. */
function reportUnion(
  schema: z.ZodType,
  value: unknown,
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  report: Report,
): void {
  const got = valueAt(value, path);
  if (issue.discriminator !== undefined) {
    if (got === undefined)
      report.error('required', `expected one of ${quoted(VALIDATOR_TYPES)}, got nothing`, path);
    else report.error('unknown-type', `unknown type ${shown(got)}${typeHint(got)}`, path);
    return;
  }
  const branch = issue.errors.at(-1) ?? [];
  for (const inner of branch) reportIssue(schema, value, inner, path, report);
}

function typeHint(got: unknown): string {
  const known = `; known: ${quoted(VALIDATOR_TYPES)}`;
  return typeof got === 'string' ? didYouMean(got, VALIDATOR_TYPES) || known : known;
}

function reportWord(words: readonly string[], got: unknown, path: Path, report: Report): void {
  if (got === undefined) {
    report.error('required', `expected one of ${quoted(words)}, got nothing`, path);
    return;
  }
  const hint = typeof got === 'string' ? didYouMean(got, words) : '';
  report.error('value', `expected one of ${quoted(words)}, got ${shown(got)}${hint}`, path);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ');
}

/** Only where the schema wants a word out of a list, so never a secret; cut all the same. */
function shown(got: unknown): string {
  return typeof got === 'string' ? `"${got.slice(0, 40)}"` : 'something else';
}

function amountOf(origin: string, limit: number | bigint, got: unknown): string {
  if (origin === 'array') return `${limit} ${limit === 1 ? 'item' : 'items'}`;
  if (origin === 'string') return `${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return typeof got === 'number' ? `${limit}, got ${got}` : String(limit);
}

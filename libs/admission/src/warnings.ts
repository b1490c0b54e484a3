import type { Denial } from './decision.js';
import { sentence } from './denial-message.js';

/** Kubernetes cuts a warning here. */
export const MAX_WARNING = 256;
const AIM = 120;
/** All warnings of an answer share 4 KiB in the API server, and nobody reads more. */
const MAX_WARNINGS = 5;

const MODES = {
  detect: 'detection mode',
  podsOnly: 'pods-only validation',
  enforce: undefined,
  ignored: undefined,
} as const;

/** What a user reads who was let through although the decision is a denial; empty where the denial holds. */
export function overrideWarnings({ mode, problems }: Denial): readonly string[] {
  const name = MODES[mode];
  if (name === undefined) return [];
  const prefix = `[${name}] `;
  const suffix = ' - would be DENIED';
  const lines = problems
    .slice(0, MAX_WARNINGS - 1)
    .map((problem) => `${prefix}${sentence(problem, AIM - prefix.length - suffix.length)}${suffix}`);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `${prefix}and ${more} more`] : lines;
}

import type { Decision } from './decide.js';
import { plainText } from './plain-text.js';

/** Enough for any workload that a person wrote; an audit record is not the place for more. */
const MAX_LISTED = 8;

/**
 * What the API server writes into its audit log under the webhook's name. `decision` is the outcome before detection
 * mode, `mode` says what was made of it. No user, no message.
 */
export function auditAnnotations(decision: Decision, revision: string): Readonly<Record<string, string>> {
  const rules = new Set<string>();
  const digests = new Set<string>();
  for (const judgement of decision.judgements.values()) {
    if (judgement.rule !== undefined) rules.add(`policy[${judgement.rule.index}]`);
    if (judgement.outcome === 'admitted' && 'digest' in judgement.ground)
      digests.add(judgement.ground.digest);
  }
  return {
    decision: decision.result,
    ...(decision.kind === 'deny' ? { code: decision.problems[0].code } : {}),
    ...(rules.size > 0 ? { rules: list(rules) } : {}),
    ...(digests.size > 0 ? { digests: list(digests) } : {}),
    mode: decision.mode,
    'config-hash': plainText(revision.slice(0, 12), 12),
    'decision-id': decision.request.uid,
  };
}

function list(values: ReadonlySet<string>): string {
  if (values.size <= MAX_LISTED) return [...values].join(',');
  return `${[...values].slice(0, MAX_LISTED).join(',')},+${values.size - MAX_LISTED}`;
}

import { assertPattern, compilePolicy, PatternError, type PatternMatching } from '#policy';

import type { Report } from '../report.js';

/** What matching needs to know of a rule. */
export interface RulePattern {
  readonly index: number;
  readonly pattern: string;
  /** True where the rule lets in whatever it governs. */
  readonly isStaticAllow: boolean;
}

/** Reports every pattern that cannot be used; true where there is none. */
export function checkPatterns(
  rules: readonly RulePattern[],
  matching: PatternMatching,
  report: Report,
): boolean {
  return rules.map((rule) => compiles(rule, matching, report)).every(Boolean);
}

/** Lint compares rules with each other: 1000 would hold a process up for seconds, at every reload. */
const MAX_LINTED_RULES = 200;

/** What the policy as a whole should be told about. The rules must be all rules, in order, with sound patterns. */
export function lintPolicy(rules: readonly RulePattern[], matching: PatternMatching, report: Report): void {
  if (rules.length > MAX_LINTED_RULES) {
    const message = `policies of more than ${MAX_LINTED_RULES} rules are not searched for overlaps`;
    report.warning('not-linted', message, [], 'key');
    return;
  }
  const isStaticAllow = (rule: RulePattern): boolean => rule.isStaticAllow;
  for (const { code, index, message } of compilePolicy(rules, matching).lint({ isStaticAllow })) {
    report.warning(code, message, [index, 'pattern']);
  }
}

function compiles(rule: RulePattern, matching: PatternMatching, report: Report): boolean {
  try {
    assertPattern(rule.pattern, matching);
    return true;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    report.error('pattern', error.message, [rule.index, 'pattern']);
    return false;
  }
}

import type { ImageReference } from '#image-ref';

import { type Explanation, explain } from './explain.js';
import { lint, type LintOptions, type PolicyFinding } from './lint.js';
import { type Limited, RuleReach } from './namespaces.js';
import type { PatternMatching } from './pattern.js';
import { compilePatterns, dialectOf } from './pattern-index.js';

/** The rules of a configuration, ready to say which one governs an image. Immutable. */
export interface Policy<R> {
  /**
   * The most specific rule whose pattern matches and that holds in the namespace, the later one of two equals;
   * `undefined` where there is none. Without a namespace only rules that hold everywhere.
   */
  match(image: ImageReference, namespace?: string): { readonly rule: R; readonly index: number } | undefined;
  /** Every rule that matches in the namespace, best first, and why the first one won. */
  explain(image: ImageReference, namespace?: string): Explanation<R>;
  /** False where the namespace makes no difference to any image. */
  readonly readsNamespace: boolean;
  /** What a person should know about this policy; each finding that names an image has been tried on it. */
  lint(options?: LintOptions<R>): readonly PolicyFinding[];
}

/** Rules to policy; throws PatternError for the first pattern that cannot be used. */
export function compilePolicy<R extends Limited & { readonly pattern: string }>(
  rules: readonly R[],
  matching: PatternMatching,
): Policy<R> {
  const patterns = compilePatterns(rules, matching);
  const { dialect } = patterns;
  const reach = new RuleReach(rules);
  const holdsIn = (namespace: string): ((index: number) => boolean) | undefined =>
    reach.isLimited ? (index) => reach.holds(index, namespace) : undefined;
  return {
    readsNamespace: reach.isLimited,
    match(image, namespace = '') {
      const best = patterns.best(dialect.subject(image), holdsIn(namespace));
      const rule = best === undefined ? undefined : rules[best.index];
      return best === undefined || rule === undefined ? undefined : { rule, index: best.index };
    },
    explain: (image, namespace = '') => explain(rules, patterns, dialect.subject(image), holdsIn(namespace)),
    lint: (options = {}) => lint(rules, patterns, { ...options, reach }),
  };
}

/** Throws PatternError if this pattern cannot be used; for reporting all of them at once, each at its place. */
export function assertPattern(pattern: string, matching: PatternMatching): void {
  dialectOf(matching).parse(pattern);
}

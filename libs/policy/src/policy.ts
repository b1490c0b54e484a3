import type { ImageReference } from '#image-ref';

import { type Explanation, explain } from './explain.js';
import { lint, type LintOptions, type PolicyFinding } from './lint.js';
import type { PatternMatching } from './pattern.js';
import { compilePatterns, dialectOf } from './pattern-index.js';

/** The rules of a configuration, ready to say which one governs an image. Immutable. */
export interface Policy<R> {
  /** The most specific rule whose pattern matches, the later one of two equals; `undefined` where none matches. */
  match(image: ImageReference): { readonly rule: R; readonly index: number } | undefined;
  /** Every rule that matches, best first, and why the first one won. */
  explain(image: ImageReference): Explanation<R>;
  /** What a person should know about this policy; each finding that names an image has been tried on it. */
  lint(options?: LintOptions<R>): readonly PolicyFinding[];
}

/** Rules to policy; throws PatternError for the first pattern that cannot be used. */
export function compilePolicy<R extends { readonly pattern: string }>(
  rules: readonly R[],
  matching: PatternMatching,
): Policy<R> {
  const patterns = compilePatterns(rules, matching);
  const { dialect } = patterns;
  return {
    match(image) {
      const best = patterns.best(dialect.subject(image));
      const rule = best === undefined ? undefined : rules[best.index];
      return best === undefined || rule === undefined ? undefined : { rule, index: best.index };
    },
    explain: (image) => explain(rules, patterns, dialect.subject(image)),
    lint: (options = {}) => lint(rules, patterns, options),
  };
}

/** Throws PatternError if this pattern cannot be used; for reporting all of them at once, each at its place. */
export function assertPattern(pattern: string, matching: PatternMatching): void {
  dialectOf(matching).parse(pattern);
}

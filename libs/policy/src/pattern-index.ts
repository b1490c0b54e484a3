import { connaisseurDialect } from './connaisseur-pattern.js';
import { PatternError } from './error.js';
import { type Dialect, matches, type Pattern, type PatternMatching, type Subject } from './pattern.js';
import { compareSpecificity, type PlacedPattern } from './specificity.js';
import { strictDialect } from './strict-pattern.js';

/** The patterns of a policy, found by what they spell out of an image's name. */
export class PatternIndex {
  readonly matching: PatternMatching;
  readonly dialect: Dialect;
  readonly patterns: readonly PlacedPattern[];
  readonly #byKey: ReadonlyMap<string, readonly PlacedPattern[]>;

  constructor(matching: PatternMatching, patterns: readonly PlacedPattern[]) {
    this.matching = matching;
    this.dialect = dialectOf(matching);
    this.patterns = patterns;
    this.#byKey = Map.groupBy(
      patterns.toSorted((a, b) => b.components.length - a.components.length),
      ({ key }) => key,
    );
  }

  /** The pattern that governs an image, among those of the rules that hold. */
  best(subject: Subject, holds: (index: number) => boolean = everywhere): PlacedPattern | undefined {
    let best: PlacedPattern | undefined;
    for (const key of subject.keys) {
      for (const pattern of this.#byKey.get(key) ?? []) {
        // Sorted by the first criterion: from here on nothing can win.
        if (best !== undefined && pattern.components.length < best.components.length) break;
        if (!matches(pattern, subject) || !holds(pattern.index)) continue;
        if (best === undefined || compareSpecificity(pattern, best, subject.components).order > 0)
          best = pattern;
      }
    }
    return best;
  }

  /** Every pattern of rules that hold that matches an image, the governing one first. */
  all(subject: Subject, holds: (index: number) => boolean = everywhere): readonly PlacedPattern[] {
    return subject.keys
      .flatMap((key) => this.#byKey.get(key) ?? [])
      .filter((pattern) => matches(pattern, subject) && holds(pattern.index))
      .toSorted((a, b) => compareSpecificity(b, a, subject.components).order);
  }

  /** The patterns of one rule. */
  of(index: number): readonly PlacedPattern[] {
    return this.patterns.filter((pattern) => pattern.index === index);
  }
}

const everywhere = (): boolean => true;

/** Throws PatternError for the first pattern that cannot be used, with the place of its rule. */
export function compilePatterns(
  rules: readonly { readonly pattern: string }[],
  matching: PatternMatching,
): PatternIndex {
  const dialect = dialectOf(matching);
  return new PatternIndex(
    matching,
    rules.flatMap((rule, index) =>
      parseAt(dialect, rule.pattern, index).map((pattern) => ({ ...pattern, index })),
    ),
  );
}

export function dialectOf(matching: PatternMatching): Dialect {
  switch (matching) {
    case 'strict':
      return strictDialect;
    case 'connaisseur':
      return connaisseurDialect;
  }
}

function parseAt(dialect: Dialect, pattern: string, index: number): readonly Pattern[] {
  try {
    return dialect.parse(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new PatternError(error.reason, `policy[${index}].pattern: ${error.message}`, { cause: error });
  }
}

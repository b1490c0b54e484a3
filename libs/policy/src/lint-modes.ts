import { isHost } from '#image-ref';

import { PatternError } from './error.js';
import type { PolicyFinding } from './lint.js';
import type { PatternMatching, Pattern } from './pattern.js';
import { dialectOf, PatternIndex } from './pattern-index.js';
import type { PlacedPattern } from './specificity.js';
import { tryParse } from './witness.js';

const OTHER: Readonly<Record<PatternMatching, PatternMatching>> = {
  strict: 'connaisseur',
  connaisseur: 'strict',
};

const EXAMPLE_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * For each rule, one image for which the other way of matching chooses another rule. In strict matching only for images
 * that a reader of the pattern may think it is for, so that a policy whose patterns say what they mean has no findings.
 */
export function modeDifferences(
  rules: readonly { readonly pattern: string }[],
  patterns: PatternIndex,
): readonly PolicyFinding[] {
  const matching = OTHER[patterns.matching];
  const parsed = rules.map(({ pattern }, index) => parseAs(matching, pattern, index));
  const other = new PatternIndex(
    matching,
    parsed.flatMap((result) => (result instanceof PatternError ? [] : result)),
  );
  return rules.flatMap(({ pattern }, index) => {
    const result = parsed[index];
    if (result instanceof PatternError) {
      const message = `cannot be used in "${matching}" matching: ${result.message}`;
      return [{ code: 'modes-differ' as const, index, message }];
    }
    return firstDifference(trials(pattern, patterns.matching), index, patterns, other);
  });
}

function firstDifference(
  texts: readonly string[],
  index: number,
  patterns: PatternIndex,
  other: PatternIndex,
): readonly PolicyFinding[] {
  for (const text of texts) {
    const image = tryParse(text);
    if (image === undefined) continue;
    const here = patterns.best(patterns.dialect.subject(image))?.index;
    const there = other.best(other.dialect.subject(image))?.index;
    if (here === there) continue;
    const message = `${text} is governed by ${nameOf(here)} here and by ${nameOf(there)} in "${other.matching}" matching`;
    const rest = { image: text, message };
    const otherIndex = [here, there].find((place) => place !== undefined && place !== index);
    return [{ code: 'modes-differ', index, ...(otherIndex === undefined ? {} : { otherIndex }), ...rest }];
  }
  return [];
}

function nameOf(index: number | undefined): string {
  return index === undefined ? 'no rule' : `policy[${index}]`;
}

function parseAs(
  matching: PatternMatching,
  pattern: string,
  index: number,
): readonly PlacedPattern[] | PatternError {
  try {
    return dialectOf(matching)
      .parse(pattern)
      .map((parsed: Pattern) => ({ ...parsed, index }));
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}

/** Images that a reader of the pattern may have in mind, as texts; some are no references. */
function trials(pattern: string, matching: PatternMatching): readonly string[] {
  const sample = pattern.replaceAll(/\*+/g, 'x');
  const last = sample.slice(sample.lastIndexOf('/') + 1);
  const first = pattern.slice(0, Math.max(0, pattern.indexOf('/')));
  const isPlain = !/[:@]/.test(last);
  const elsewhere = `registry.example/${sample}`;
  const below = `${sample}/x`;

  if (matching === 'connaisseur') {
    const untagged = isPlain ? sample : sample.slice(0, sample.lastIndexOf('/') + 1 + last.search(/[:@]/));
    return [sample, below, `${sample}-x`, elsewhere, `${untagged}@${EXAMPLE_DIGEST}`];
  }
  const namesHost = first === '*' || isHost(first);
  const mayBeNamespace = namesHost && isPlain && !pattern.includes('*') && pattern.split('/').length === 2;
  const isEverything = /^\*+(?:[:@]|$)/.test(pattern);
  return [sample, ...(mayBeNamespace ? [below] : []), ...(namesHost || isEverything ? [] : [elsewhere])];
}

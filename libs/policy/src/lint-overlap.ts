import type { PolicyFinding } from './lint.js';
import { covers } from './pattern.js';
import type { PatternIndex } from './pattern-index.js';
import { compareSpecificity, type PlacedPattern } from './specificity.js';
import { commonImage } from './witness.js';

/**
 * Where a rule that allows everything wins inside a rule that verifies, without being an exception from it: whoever may
 * name images can then choose the weaker rule.
 */
export function overlaps(
  patterns: readonly PlacedPattern[],
  index: PatternIndex,
  allows: ReadonlySet<number>,
): readonly PolicyFinding[] {
  const weak = patterns.filter((pattern) => allows.has(pattern.index));
  const strong = patterns.filter((pattern) => !allows.has(pattern.index));
  const found = weak.flatMap((allow) =>
    strong.flatMap((strict): PolicyFinding[] => {
      if (covers(strict, allow) || canNeverWin(allow, strict)) return [];
      const image = commonImage(index.dialect, allow, strict);
      if (image === undefined || index.best(index.dialect.subject(image))?.index !== allow.index) return [];
      const message = `lets ${image.original} in although policy[${strict.index}] "${strict.text}" matches it too`;
      return [
        { code: 'overlap', index: allow.index, otherIndex: strict.index, image: image.original, message },
      ];
    }),
  );
  return oncePerPair(found);
}

/** Where only the order of two rules decides which one governs an image. */
export function ties(patterns: readonly PlacedPattern[], index: PatternIndex): readonly PolicyFinding[] {
  const found = patterns.flatMap((earlier) =>
    patterns.flatMap((later): PolicyFinding[] => {
      if (later.index <= earlier.index || !haveEqualLengths(earlier, later)) return [];
      const image = commonImage(index.dialect, earlier, later);
      if (image === undefined) return [];
      const { components } = index.dialect.subject(image);
      if (compareSpecificity(later, earlier, components).criterion !== 'position') return [];
      if (index.best(index.dialect.subject(image))?.index !== later.index) return [];
      const message = `is as specific as policy[${earlier.index}] "${earlier.text}" for ${image.original}, and wins only because it comes later`;
      return [
        {
          code: 'equal-specificity',
          index: later.index,
          otherIndex: earlier.index,
          image: image.original,
          message,
        },
      ];
    }),
  );
  return oncePerPair(found);
}

function canNeverWin(a: PlacedPattern, b: PlacedPattern): boolean {
  return a.components.length < b.components.length;
}

function haveEqualLengths(a: PlacedPattern, b: PlacedPattern): boolean {
  return (
    a.components.length === b.components.length &&
    a.components.every((component, place) => component.length === b.components[place]?.length)
  );
}

/** Rules with two spellings would say the same thing twice. */
function oncePerPair(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  return [
    ...new Map(findings.map((finding) => [`${finding.index} ${finding.otherIndex}`, finding])).values(),
  ];
}

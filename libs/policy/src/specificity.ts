import type { Pattern } from './pattern.js';

/** What made one pattern the more specific one, in the order in which they are looked at. */
export type Criterion = 'components' | 'prefix' | 'length' | 'position';

/** A pattern and the place of its rule in the policy. */
export interface PlacedPattern extends Pattern {
  readonly index: number;
}

export interface Comparison {
  /** Above 0: the first of the two is the more specific one. 0 only for two patterns of one rule. */
  readonly order: number;
  readonly criterion: Criterion;
  /** The component that decided, from 0; 0 where none did. */
  readonly component: number;
}

/**
 * Which of two patterns that match an image governs it. Connaisseur's order: more components; then, from the left, more
 * characters in common with the image's component at the same place; then, from the left, the longer component; then the
 * later rule.
 */
export function compareSpecificity(a: PlacedPattern, b: PlacedPattern, image: readonly string[]): Comparison {
  const components = a.components.length - b.components.length;
  if (components !== 0) return { order: components, criterion: 'components', component: 0 };
  for (const [component, text] of a.components.entries()) {
    const other = b.components[component] ?? '';
    const part = image[component] ?? '';
    const order = commonPrefix(text, part) - commonPrefix(other, part);
    if (order !== 0) return { order, criterion: 'prefix', component };
  }
  for (const [component, text] of a.components.entries()) {
    const order = text.length - (b.components[component] ?? '').length;
    if (order !== 0) return { order, criterion: 'length', component };
  }
  return { order: a.index - b.index, criterion: 'position', component: 0 };
}

/** For each component of a pattern, how many characters it has in common with the image's component at the same place. */
export function prefixLengths(pattern: Pattern, image: readonly string[]): readonly number[] {
  return pattern.components.map((text, component) => commonPrefix(text, image[component] ?? ''));
}

function commonPrefix(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

import { covers } from './pattern.js';
import type { PlacedPattern } from './specificity.js';

/**
 * True only if `a` can never govern an image, because `b` matches whatever `a` matches and is always the more specific
 * one. False where that is not certain.
 */
export function dominates(b: PlacedPattern, a: PlacedPattern): boolean {
  return covers(b, a) && alwaysWins(b, a);
}

/** Compares the least that `b` can score with the most that `a` can, criterion by criterion. */
function alwaysWins(b: PlacedPattern, a: PlacedPattern): boolean {
  if (b.components.length !== a.components.length) return b.components.length > a.components.length;
  for (const [component, text] of a.components.entries()) {
    const most = head(text);
    // A longer head with the same start has at least as much in common with any image.
    if (head(b.components[component] ?? '').startsWith(most)) continue;
    const least = b.certain[component] ?? 0;
    if (least !== most.length) return least > most.length;
  }
  for (const [component, text] of a.components.entries()) {
    const order = (b.components[component] ?? '').length - text.length;
    if (order !== 0) return order > 0;
  }
  return b.index > a.index;
}

/** No image has a `*`, so what a component has in common with one ends before its first star. */
function head(component: string): string {
  const star = component.indexOf('*');
  return star === -1 ? component : component.slice(0, star);
}

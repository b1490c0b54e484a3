import type { ImageReference } from '#image-ref';

import type { Glob } from './glob.js';

/** `strict`: host and path components are matched as such. `connaisseur`: any part of the name, as in Connaisseur 3. */
export type PatternMatching = 'strict' | 'connaisseur';

/** One pattern, ready to match. A rule has one or two of them (see strict-pattern.ts). */
export interface Pattern {
  /** The form whose specificity counts. */
  readonly text: string;
  /** `text` between slashes. */
  readonly components: readonly string[];
  /** How many characters each component has in common with every image that matches, at the least. */
  readonly certain: readonly number[];
  /** Every image that matches has this key. */
  readonly key: string;
  /** One for each part of a {@link Subject}; `undefined` asks nothing, not even that the image has the part. */
  readonly parts: readonly (Glob | undefined)[];
}

/** An image as patterns see it. */
export interface Subject {
  readonly name: string;
  readonly components: readonly string[];
  /** The keys of all patterns that may match. */
  readonly keys: readonly string[];
  readonly parts: readonly (string | undefined)[];
}

/** A way to read patterns and images: what `patternMatching` chooses between. */
export interface Dialect {
  /** Throws PatternError. */
  parse(pattern: string): readonly Pattern[];
  subject(image: ImageReference): Subject;
  /** A reference made of these parts, for trying out; not every choice of parts makes one. */
  compose(parts: readonly (string | undefined)[]): string;
}

/** The one loop that runs for every image and every pattern that may be for it. */
export function matches({ parts }: Pattern, subject: Subject): boolean {
  for (let index = 0; index < parts.length; index += 1) {
    const glob = parts[index];
    const part = subject.parts[index];
    if (glob !== undefined && (part === undefined || !glob.matches(part))) return false;
  }
  return true;
}

/** True if every image that `inner` matches is matched by `outer`. */
export function covers(outer: Pattern, inner: Pattern): boolean {
  return outer.parts.every((glob, index) => {
    const part = inner.parts[index];
    return glob === undefined || (part !== undefined && glob.covers(part));
  });
}

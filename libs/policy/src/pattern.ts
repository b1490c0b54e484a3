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
  /** Where an image is looked up: its repository, its host, or the empty key for all images. */
  readonly key: string;
  /** One for each part of a {@link Subject}; `undefined` asks nothing, not even that the image has the part. */
  readonly parts: readonly (Glob | undefined)[];
}

/** An image as patterns see it. */
export interface Subject {
  readonly name: string;
  readonly components: readonly string[];
  /** The keys under which patterns for this image can be found. */
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

export function matches(pattern: Pattern, subject: Subject): boolean {
  return pattern.parts.every((glob, index) => {
    const part = subject.parts[index];
    return glob === undefined || (part !== undefined && glob.matches(part));
  });
}

/** True if every image that `inner` matches is matched by `outer`. */
export function covers(outer: Pattern, inner: Pattern): boolean {
  return outer.parts.every((glob, index) => {
    const part = inner.parts[index];
    return glob === undefined || (part !== undefined && glob.covers(part));
  });
}

import { type ImageReference, ImageReferenceError, parseImageReference } from '#image-ref';

import { commonText } from './common-text.js';
import { type Dialect, matches, type Pattern } from './pattern.js';

/** An image that both patterns match; `undefined` where there is none, or none was found. Tried before it is returned. */
export function commonImage(dialect: Dialect, a: Pattern, b: Pattern): ImageReference | undefined {
  const parts: (string | undefined)[] = [];
  for (const [index, glob] of a.parts.entries()) {
    const other = b.parts[index];
    const text = glob && other ? commonText(glob.text, other.text) : sampleOf(glob?.text ?? other?.text);
    if (text === undefined && (glob !== undefined || other !== undefined)) return undefined;
    parts.push(text);
  }
  const image = tryParse(dialect.compose(parts));
  if (image === undefined) return undefined;
  const subject = dialect.subject(image);
  return matches(a, subject) && matches(b, subject) ? image : undefined;
}

/** Text to reference, or nothing. */
export function tryParse(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof ImageReferenceError) return undefined;
    throw error;
  }
}

function sampleOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : commonText(text, '*');
}

import { PatternError } from './error.js';

/** Longest pattern; longer than any image name, so nothing is lost. */
const MAX_PATTERN = 1024;

/** The characters of image names, and `*`. */
const FOREIGN_CHARACTER = /[^A-Za-z0-9._:/@*-]/;

/** What every pattern must be, whatever it means. Throws PatternError. */
export function assertPatternText(text: string): void {
  if (text === '') throw new PatternError('empty', 'expected a pattern; "*:*" matches every image');
  if (text.length > MAX_PATTERN) {
    throw new PatternError('too-long', `expected at most ${MAX_PATTERN} characters, got ${text.length}`);
  }
  if (/[\u0080-\uffff]/.test(text)) throw new PatternError('not-ascii', 'expected only ASCII characters');
}

/** Throws PatternError for characters that no image name has, the wildcards of other tools among them. */
export function assertPatternCharacters(text: string): void {
  const foreign = FOREIGN_CHARACTER.exec(text)?.[0];
  if (foreign === undefined) return;
  throw new PatternError(
    'character',
    `expected letters, digits and ". _ : / @ - *", got ${JSON.stringify(foreign)}; the only wildcard is "*"`,
  );
}

import { readFileSync } from 'node:fs';

/** A file's text, `undefined` where there is no such file; any other failure throws. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

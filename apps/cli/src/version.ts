import { readFileSync } from 'node:fs';

/** The package's version; the file is three folders up from `apps/cli/src` in the checkout and in `dist/`’s image. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const up of ['../../../package.json', '../../../../package.json']) {
    try {
      const { version, name } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'connaisseur' && version !== undefined) return version;
    } catch {
      // Not at this depth.
    }
  }
  return 'unknown';
}

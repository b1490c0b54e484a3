import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of our package.json: above `apps/` in a checkout, above `dist/` where it is built. */
export const PACKAGE_ROOT: string = findRoot(import.meta.dirname);

/** The package's version. */
export const VERSION: string = readVersion();

function findRoot(folder: string): string {
  const parent = dirname(folder);
  return existsSync(join(folder, 'package.json')) || parent === folder ? folder : findRoot(parent);
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

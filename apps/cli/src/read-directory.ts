import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_FILE_BYTES = 64 * 1024;

/** Name → text of the files in a directory; what is larger than a key could be is left out. Throws where it cannot be read. */
export function readDirectory(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const found = statSync(path);
    if (found.isFile() && found.size <= MAX_FILE_BYTES) files.set(name, readFileSync(path, 'utf8'));
  }
  return files;
}

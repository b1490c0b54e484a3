import { type BusKeys, readBusKeys } from '#bus';

import { readDirectory } from './read-directory.js';

/** Keys are asked for with every message; the directory is looked at no more often than this, ms. */
const LOOK_EVERY_MS = 5_000;

/**
 * The keys of a directory, as they are now: new keys take effect and removed ones lose it within seconds. Throws where
 * there are none at first; a directory that becomes unreadable or wrong later leaves the last good keys in force.
 */
export function followKeys(directory: string, now: () => number = () => performance.now()): () => BusKeys {
  let keys = readBusKeys(readDirectory(directory));
  let looked = now();
  return () => {
    if (now() - looked < LOOK_EVERY_MS) return keys;
    looked = now();
    try {
      keys = readBusKeys(readDirectory(directory));
    } catch (error) {
      process.stderr.write(
        `keys in ${directory} cannot be read, the last ones stay: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
    return keys;
  };
}

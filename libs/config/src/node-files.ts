import { closeSync, constants, fstatSync, openSync, readSync, watch } from 'node:fs';

import type { ReadFile } from './configuration-source.js';
import type { WatchDirectory } from './directory-watches.js';

/** Node's file system: at most `limit` bytes and one more of a regular file; a pipe or a directory is an error. */
export const readFileBounded: ReadFile = (path, limit) => {
  // O_NONBLOCK: opening a pipe would wait for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new Error(`expected a regular file at ${path}`);
    const bytes = Buffer.alloc(limit + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
};

/** Node's watch on one directory; the names in its events are not used, because they are not reliable. */
export const watchDirectory: WatchDirectory = (directory, onChange, onError) => {
  const watcher = watch(directory, { persistent: false }, () => onChange());
  watcher.on('error', onError);
  return { close: () => watcher.close() };
};

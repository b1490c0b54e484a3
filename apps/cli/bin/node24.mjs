// Finds a Node 24 for a launcher that may itself run on an older one. No dependencies.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Path of a Node 24 executable, or `undefined`: this very process, the packaged one, or one on PATH. */
export function findNode24(root) {
  if (process.version.startsWith('v24.')) return process.execPath;
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  for (const candidate of [packaged, 'node24', 'node']) {
    if (candidate === packaged && !isExecutable(candidate)) continue;
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0 && stdout.startsWith('v24.')) return candidate;
  }
  return undefined;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

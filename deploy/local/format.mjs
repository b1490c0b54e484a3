// Checks the format of what changed since the last clean run: a file's format depends on nothing else. All files in CI,
// after a change of settings or packages, and the first time.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './bootstrap.mjs';
import { hash, recall, remember, trackedFiles } from './import-graph.mjs';

const SETTINGS = /^(\.prettier|\.editorconfig$|\.gitignore$|package-lock\.json$)/;
const MEMORY = join(ROOT, '.cache', 'format.json');

const now = Object.fromEntries(trackedFiles('.').map((path) => [path, hash(readFileSync(join(ROOT, path)))]));
const paths = toCheck(recall(MEMORY));
if (paths.length > 0) {
  const { status } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs'),
      '--log-level',
      'warn',
      '--ignore-unknown',
      '--check',
      ...paths,
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) process.exit(1);
}
remember(MEMORY, now);

function toCheck(before) {
  const all = Object.keys(now);
  if (process.env.CI || all.length === 0 || before === undefined) return ['.'];
  const changed = all.filter((path) => before[path] !== now[path]);
  const gone = Object.keys(before).filter((path) => !existsSync(join(ROOT, path)));
  return [...changed, ...gone].some((path) => SETTINGS.test(path)) ? ['.'] : changed;
}

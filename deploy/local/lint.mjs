// Lints what changed since the last clean run, and every file that imports it, directly or not: nothing else can have
// another finding. All files in CI, after a change of settings or packages, and the first time.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './bootstrap.mjs';
import { FOLDERS, hash, isProgram, recall, remember, trackedFiles, withImporters } from './import-graph.mjs';

const SETTINGS = ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'package-lock.json', '.gitignore'];
const MEMORY = join(ROOT, '.cache', 'lint.json');

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const texts = new Map(
  trackedFiles(...FOLDERS)
    .filter(isProgram)
    .map((path) => [path, read(path)]),
);
const now = {
  settings: hash(SETTINGS.map(read).join('\0')),
  files: Object.fromEntries([...texts].map(([path, text]) => [path, hash(text)])),
};
const paths = toLint(recall(MEMORY));
if (paths.length > 0) {
  const { status } = spawnSync(join(ROOT, 'node_modules', '.bin', 'oxlint'), ['--type-aware', ...paths], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(1);
}
remember(MEMORY, now);

function toLint(before) {
  if (process.env.CI || texts.size === 0 || before?.settings !== now.settings) return FOLDERS;
  const changed = [...texts.keys()].filter((path) => before.files[path] !== now.files[path]);
  const gone = Object.keys(before.files).filter((path) => !texts.has(path));
  // Declarations reach files that do not import them.
  if ([...changed, ...gone].some((path) => path.endsWith('.d.ts'))) return FOLDERS;
  const affected = withImporters([...changed, ...gone], texts).filter((path) => texts.has(path));
  return affected.length > texts.size / 2 ? FOLDERS : affected;
}

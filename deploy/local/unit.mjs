// Runs the unit specs that a change since the last green run can have reached: those that changed, those that import
// what changed, directly or not, and those of test/, which look at the whole tree. All of them in CI, the first
// time, and after a change of anything that is no program: data, settings, packages, pages.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, ensureNode24, node24Environment } from './bootstrap.mjs';
import { hash, isProgram, recall, remember, trackedFiles, withImporters } from './import-graph.mjs';

const MEMORY = join(ROOT, '.cache', 'unit.json');
/** As in vitest.config.ts. */
const SPEC = /^((apps|libs|deploy)\/.*|test\/[^/]*)\.spec\.ts$/;

const contents = new Map(trackedFiles('.').map((path) => [path, readFileSync(join(ROOT, path))]));
const texts = new Map(
  [...contents].filter(([path]) => isProgram(path)).map(([path, bytes]) => [path, String(bytes)]),
);
const others = [...contents]
  .filter(([path]) => !texts.has(path))
  .map(([path, bytes]) => `${path} ${hash(bytes)}`);
const now = {
  others: hash([process.version, process.env.FC_SEED ?? '', ...others].join('\n')),
  files: Object.fromEntries([...texts].map(([path, text]) => [path, hash(text)])),
};
const specs = [...texts.keys()].filter((path) => SPEC.test(path));
const reached = toRun(recall(MEMORY));

if (reached.length > 0 || specs.length === 0) {
  const node = ensureNode24();
  const { status } = spawnSync(
    node,
    [
      join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      'unit',
      // What is costly is for `npm test`.
      '--tags-filter=!thorough',
      '--maxWorkers=2',
      '--reporter=minimal',
      '--passWithNoTests',
      ...(reached.length === specs.length ? [] : reached),
    ],
    { cwd: ROOT, env: node24Environment(node), stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) process.exit(1);
}
remember(MEMORY, now);
process.stdout.write(`${reached.length} specs ran, ${specs.length - reached.length} remembered\n`);

function toRun(before) {
  const isWhole = process.env.CI || before?.others !== now.others;
  if (isWhole) return specs;
  const changed = [...texts.keys()].filter((path) => before.files[path] !== now.files[path]);
  const gone = Object.keys(before.files).filter((path) => !texts.has(path));
  if (changed.length + gone.length === 0) return [];
  // Every spec takes it in without naming it.
  if (changed.includes('test/setup.ts')) return specs;
  const affected = new Set(withImporters([...changed, ...gone], texts));
  return specs.filter((path) => affected.has(path) || path.startsWith('test/'));
}

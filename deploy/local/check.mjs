// `npm run check`: lint, types, format, unit tests and build side by side; what to run before every commit.
// Left to `npm test` and CI: unit tests tagged `thorough`, and lint of what no change can have reached.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ROOT, ensureNode24, ensurePackages, node24Environment } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
const modules = join(ROOT, 'node_modules');
const tsc = join(modules, '@typescript', 'native', 'bin', 'tsc');
const CHECKS = {
  lint: [node, join(ROOT, 'deploy', 'local', 'lint.mjs')],
  types: [
    node,
    tsc,
    '-p',
    'tsconfig.json',
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    '.cache/types.tsbuildinfo',
  ],
  format: [
    node,
    join(modules, 'prettier', 'bin', 'prettier.cjs'),
    '--log-level',
    'warn',
    '--check',
    '--cache',
    // By content, in a place of its own: a run without a cache would delete Prettier's usual one.
    '--cache-strategy=content',
    '--cache-location=.cache/prettier',
    '.',
  ],
  build: [node, tsc, '-p', 'tsconfig.build.json'],
  unit: [
    node,
    join(modules, 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    'unit',
    // What is costly is for `npm test`.
    '--tags-filter=!thorough',
    '--maxWorkers=2',
    '--reporter=dot',
  ],
};

if (process.argv.includes('--no-unit')) delete CHECKS.unit;

const started = performance.now();
const results = await Promise.all(Object.entries(CHECKS).map(([name, command]) => runCheck(name, command)));
for (const { name, ok, output, seconds } of results) {
  if (!ok) process.stdout.write(output);
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(7)} ${seconds.toFixed(1)} s\n`);
}
process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s together\n`);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);

function runCheck(name, [command, ...args]) {
  const from = performance.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    env: node24Environment(node),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve) => {
    child.on('close', (code) =>
      resolve({ name, ok: code === 0, output, seconds: (performance.now() - from) / 1000 }),
    );
  });
}

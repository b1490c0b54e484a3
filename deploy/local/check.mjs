// `npm run check`: lint, types, format, unit tests and build side by side; what to run before every commit. What no
// change since the last green run can have reached is remembered; `-- --all` forgets. CONTRIBUTING.md says what is left
// to `npm test` and CI.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, ensureNode24, ensurePackages, node24Environment } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
const modules = join(ROOT, 'node_modules');
const tsc = [node, join(modules, '@typescript', 'native', 'bin', 'tsc'), '--build'];
const CHECKS = {
  lint: [node, join(ROOT, 'deploy', 'local', 'lint.mjs')],
  types: [...tsc, 'tsconfig.types.json'],
  format: [node, join(ROOT, 'deploy', 'local', 'format.mjs')],
  build: [...tsc, 'tsconfig.build.json'],
  unit: [node, join(ROOT, 'deploy', 'local', 'unit.mjs')],
};

if (process.argv.includes('--no-unit')) delete CHECKS.unit;
if (process.argv.includes('--all')) {
  for (const name of ['lint.json', 'format.json', 'unit.json', 'types.tsbuildinfo'])
    rmSync(join(ROOT, '.cache', name), { force: true });
}

const started = performance.now();
const results = await Promise.all(Object.entries(CHECKS).map(([name, command]) => runCheck(name, command)));
for (const { name, ok, output, seconds, cpu } of results) {
  if (!ok) process.stdout.write(output);
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${figures(seconds, cpu)}\n`);
}
const cpu = results.reduce((sum, result) => sum + result.cpu, 0);
const unit = results.find(({ name, ok }) => name === 'unit' && ok);
process.stdout.write(
  `${'together'.padStart(13)} ${figures((performance.now() - started) / 1000, cpu)}` +
    `${unit === undefined ? '' : `; unit: ${unit.output.trim().split('\n').at(-1)}`}\n`,
);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);

function figures(seconds, cpuSeconds) {
  return `${seconds.toFixed(1).padStart(6)} s ${cpuSeconds.toFixed(1).padStart(6)} s CPU`;
}

/** The shell tells what its children cost: Node does not. */
function runCheck(name, command) {
  const from = performance.now();
  const child = spawn('sh', ['-c', '"$@"; status=$?; times >&3; exit $status', 'sh', ...command], {
    cwd: ROOT,
    env: node24Environment(node),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, costs] = child.stdio;
  let output = '';
  let times = '';
  for (const stream of [stdout, stderr]) stream.on('data', (data) => (output += data));
  costs.on('data', (data) => (times += data));
  return new Promise((resolve) => {
    child.on('close', (code) =>
      resolve({ name, ok: code === 0, output, seconds: (performance.now() - from) / 1000, cpu: sum(times) }),
    );
  });
}

/** `times` writes user and system time, of the shell and of its children, as 1m2.345s. */
function sum(times) {
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (all, [, minutes, rest]) => all + minutes * 60 + Number(rest),
    0,
  );
}

// `npm test`: unit, architecture and integration tests, after getting what they need.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  ROOT,
  build,
  ensureNode24,
  ensurePackages,
  ensureProgram,
  installHint,
  node24Environment,
  stop,
} from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
for (const program of ['redis-server', 'docker-registry']) {
  if (ensureProgram(program) === undefined) {
    stop(`${program} is needed and could not be installed; run: ${installHint(program)}`);
  }
}
build(node);
mkdirSync(join(ROOT, '.cache'), { recursive: true });
const report = join(ROOT, '.cache', 'test-report.json');
const { status } = spawnSync(
  node,
  [
    join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env: node24Environment(node) },
);
const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(readFileSync(report, 'utf8'));
process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
process.exit(status === 0 && success ? 0 : (status ?? 1) || 1);

// `npm test`: unit, architecture and integration tests, after getting what they need.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, build, ensureNode24, ensurePackages, ensureProgram, node24Environment } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
for (const program of ['redis-server', 'docker-registry']) ensureProgram(program);
build(node);
mkdirSync(join(ROOT, '.cache'), { recursive: true });
const given = process.argv.slice(2);
// Integration tests one file after the other: they kill processes and measure what comes after, which must not depend on
// how many other tests share the cores.
const runs =
  given.length > 0
    ? [given]
    : [
        ['--project', 'unit', '--maxWorkers=3'],
        ['--project', 'integration', '--no-file-parallelism'],
      ];
const total = { passed: 0, failed: 0, skipped: 0 };
let ok = true;
for (const [index, args] of runs.entries()) {
  const report = join(ROOT, '.cache', `test-report-${index}.json`);
  rmSync(report, { force: true });
  const { status } = spawnSync(
    node,
    [
      join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env: node24Environment(node) },
  );
  const result = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { numFailedTests: 1, success: false };
  total.passed += result.numPassedTests ?? 0;
  total.failed += result.numFailedTests;
  total.skipped += result.numPendingTests ?? 0;
  // A file that does not load fails no test of its own.
  ok &&= status === 0 && result.success;
}
if (!ok && total.failed === 0) total.failed = 1;
writeFileSync(join(ROOT, '.cache', 'test-totals.json'), JSON.stringify(total));
if (given.length === 0)
  process.stdout.write(
    'tests on a real control plane are not run here, it takes ten minutes to build: npm run provision, then npx vitest run --project e2e\n',
  );
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(ok ? 0 : 1);

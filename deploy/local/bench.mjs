// `npm run bench [-- --json]`: what it costs, each number against its floor in the same run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { ROOT, build, ensureNode24, ensurePackages, ensureProgram, node24Environment } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
for (const program of ['redis-server', 'wrk']) ensureProgram(program);
build(node);
const { status } = spawnSync(
  node,
  [join(ROOT, 'dist', 'test', 'bench', 'main.js'), ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: node24Environment(node),
  },
);
process.exit(status ?? 1);

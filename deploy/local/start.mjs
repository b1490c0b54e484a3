// `npm start`: from a bare checkout to a running system on localhost with a demo in it.
import { spawn } from 'node:child_process';
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
if (ensureProgram('redis-server') === undefined) {
  stop(
    `redis-server (7.0 or newer) is needed and could not be installed; run: ${installHint('redis-server')}`,
  );
}
build(node);
const launcher = join(ROOT, 'apps', 'cli', 'bin', 'connaisseur.mjs');
const child = spawn(node, [launcher, 'standalone', '--demo', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: node24Environment(node),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) =>
  process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)),
);

// `npm start`: from a bare checkout to a running system on localhost with a demo in it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ROOT, build, ensureNode24, ensurePackages, ensureProgram, installHint, node24Environment, stop } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
if (ensureProgram('redis-server') === undefined) {
  stop(`redis-server (7.0 or newer) is needed and could not be installed; run: ${installHint('redis-server')}`);
}
build(node);
const child = spawn(
  node,
  ['--enable-source-maps', join(ROOT, 'dist', 'deploy', 'local', 'demo', 'main.js'), ...process.argv.slice(2)],
  { cwd: ROOT, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: node24Environment(node) },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)));

// `npm run e2e`: gets packages, Node 24, the real programs and a build, then hands over to main.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import {
  build,
  ensureNode24,
  ensurePackages,
  node24Environment,
  ROOT,
  run,
} from '../../deploy/local/bootstrap.mjs';

const args = process.argv.slice(2);
ensurePackages();
const node = ensureNode24();
build(node);
if (!args.includes('--help') && !args.includes('-h'))
  run(node, [
    join('test', 'interop', 'provision.mjs'),
    '--only',
    'etcd,kubectl,helm,kwok,kube-apiserver,kube-controller-manager,kube-scheduler',
  ]);
const child = spawn(node, [join(ROOT, 'dist', 'test', 'e2e', 'main.js'), ...args], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: node24Environment(node),
});
// Ctrl-C reaches the child by itself; it needs the time to clean up.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));

// `npm start`: from a bare checkout to a running system on localhost with a demo in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, build, ensureNode24, ensurePackages, ensureProgram, node24Environment } from './bootstrap.mjs';

ensurePackages();
const node = ensureNode24();
ensureProgram('redis-server');
build(node);

// npm and its shell stand between the user and us: when one of them is killed, the user wanted us to end.
const above = parents();
const look = setInterval(() => {
  if (parents() === above) return;
  clearInterval(look);
  process.kill(process.pid, 'SIGTERM');
}, 500).unref();

// The launcher takes over this process: its signals, and its exit code.
const launcher = join(ROOT, 'apps', 'cli', 'bin', 'connaisseur.mjs');
process.chdir(ROOT);
process.argv.splice(1, 1, launcher, 'standalone', '--demo');
Object.assign(process.env, node24Environment(node));
await import(launcher);

/** Our parent, and where Linux tells, its parent. */
function parents() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(process.ppid);
  }
}

#!/usr/bin/env node
// Finds Node 24, builds a checkout whose dist/ is missing or older than its sources, hands signals over, and ends when
// the program ends; the program in turn ends when this launcher is gone (the IPC channel closes).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findNode24 } from './node24.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'src', 'main.js');

/** Services that run no template code of others: they refuse to compile code from text. Alerting needs Handlebars. */
const HARDENED = new Set(['gateway', 'verifier']);

const node = findNode24(ROOT);
if (node === undefined) {
  process.stderr.write(
    `connaisseur needs Node 24, this is ${process.version}: run "npm ci" here or install Node 24\n`,
  );
  process.exit(2);
}
if (isCheckout() && isStale()) buildCheckout(node);

const args = process.argv.slice(2);
const flags = ['--enable-source-maps', '--disable-proto=delete', '--no-addons'];
if (HARDENED.has(args[0] ?? ''))
  flags.push('--disallow-code-generation-from-strings', '--max-semi-space-size=32');
const child = spawn(node, [...flags, MAIN, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the whole group; a second delivery does no harm.
    child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`connaisseur: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal !== null) {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    return;
  }
  process.exit(code ?? 1);
});

function isCheckout() {
  return existsSync(join(ROOT, 'tsconfig.build.json')) && existsSync(join(ROOT, 'apps', 'cli', 'src'));
}

function isStale() {
  if (!existsSync(MAIN)) return true;
  const built = statSync(join(ROOT, 'dist', '.tsbuildinfo'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ['apps', 'libs'].some((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).some(
      (entry) =>
        entry.isFile() &&
        entry.name.endsWith('.ts') &&
        !entry.name.endsWith('.spec.ts') &&
        statSync(join(entry.parentPath, entry.name)).mtimeMs > built,
    ),
  );
}

function buildCheckout(runtime) {
  const compiler = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  if (!existsSync(compiler)) {
    process.stderr.write('connaisseur: packages are missing; run "npm ci" first\n');
    process.exit(2);
  }
  const { status } = spawnSync(runtime, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(2);
}

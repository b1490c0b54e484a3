#!/usr/bin/env node
// Finds Node 24, builds a checkout whose dist/ is missing or older than its sources, and runs the program: a command that
// ends by itself in this process, a service in a child. Signals are handed over to the child; it ends when this launcher
// is gone (the IPC channel closes), and this launcher ends with its exit code.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import * as module from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

import { findNode24 } from './node24.mjs';
import { flagsOf, SERVICES } from './services.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'src', 'main.js');
/** Compiled code of an earlier run, or of the image's build (compile.mjs): a sixth of the start. */
const COMPILED = compiledFolder();

const [command = ''] = process.argv.slice(2);
const node = findNode24(ROOT);
if (node === undefined) {
  stop(`connaisseur needs Node 24, this is ${process.version}: run "npm ci" here or install Node 24`, 2);
}
if (isCheckout() && isStale()) buildCheckout();
process.env.CONNAISSEUR_PROGRAM = calledAs(process.argv[1] ?? '');

if (node === process.execPath && !SERVICES.includes(command)) {
  await runHere();
} else {
  runInChild();
}

/** A command that reads, answers and ends needs no process of its own. */
async function runHere() {
  if (COMPILED !== undefined) module.enableCompileCache(COMPILED);
  v8.setFlagsFromString('--min-semi-space-size=16'); // loading modules leaves nothing to collect
  process.setSourceMapsEnabled(true);
  delete Object.prototype.__proto__; // as --disable-proto=delete does
  await import(MAIN);
}

function runInChild() {
  const child = spawn(node, [...flagsOf(command), MAIN, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...(COMPILED === undefined ? {} : { NODE_COMPILE_CACHE: COMPILED }), ...process.env },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  // A terminal sends Ctrl-C to the whole group: the child takes a second delivery for the first.
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  // Whoever started us with a channel ends us by closing it.
  process.on('disconnect', () => child.kill('SIGTERM'));
  child.on('error', (error) => stop(`connaisseur: ${error.message}`, 1));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** How the user calls us, for the commands that we propose. */
function calledAs(path) {
  if (basename(path) === 'connaisseur') return 'connaisseur';
  const shown = relative(process.cwd(), path);
  return shown.startsWith('..') ? path : shown;
}

/** Undefined where there is none and none can be made. */
function compiledFolder() {
  const { CONNAISSEUR_COMPILE_CACHE: given } = process.env;
  if (given) return given;
  const built = join(ROOT, 'compiled');
  if (existsSync(built)) return built;
  return isWritable(join(ROOT, 'node_modules'))
    ? join(ROOT, 'node_modules', '.cache', 'connaisseur')
    : undefined;
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isCheckout() {
  return existsSync(join(ROOT, 'tsconfig.build.json')) && existsSync(join(ROOT, 'apps', 'cli', 'src'));
}

function isStale() {
  if (!existsSync(MAIN)) return true;
  const built = statSync(join(ROOT, 'dist', '.tsbuildinfo'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ['apps', 'libs', join('deploy', 'local')].some((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).some(
      (entry) =>
        entry.name.endsWith('.ts') &&
        !entry.name.endsWith('.spec.ts') &&
        statSync(join(entry.parentPath, entry.name)).mtimeMs > built,
    ),
  );
}

function buildCheckout() {
  const compiler = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  if (!existsSync(compiler)) stop('connaisseur: packages are missing; run "npm ci" first', 2);
  const { status } = spawnSync(node, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) stop('connaisseur: the sources do not compile', 2);
}

function stop(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

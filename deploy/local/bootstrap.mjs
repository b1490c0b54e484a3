// What a fresh machine lacks: packages, Node 24, programs. No dependencies, runs on Node ≥ 20.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findNode24 } from '../../apps/cli/bin/node24.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Stops with one line that the user can act on. */
export function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

export function say(message) {
  process.stderr.write(`· ${message}\n`);
}

/** Installs the packages of the lockfile when they are missing or the lockfile has changed since. */
export function ensurePackages() {
  const stamp = join(ROOT, 'node_modules', '.connaisseur-lock');
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (
    !existsSync(stamp) &&
    existsSync(join(ROOT, 'node_modules', '.package-lock.json')) &&
    packagesAreCurrent()
  ) {
    writeFileSync(stamp, lock);
    return;
  }
  say('installing packages (npm ci)');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { timeout: 600_000 });
  writeFileSync(stamp, lock);
}

function packagesAreCurrent() {
  return (
    statSync(join(ROOT, 'node_modules', '.package-lock.json')).mtimeMs >=
    statSync(join(ROOT, 'package-lock.json')).mtimeMs
  );
}

/** Path of a Node 24, or stops with what to do. */
export function ensureNode24() {
  const found = findNode24(ROOT);
  if (found !== undefined) return found;
  return stop(
    `Node 24 is needed; this is ${process.version} and there is no ready-made one for ${process.platform}-${process.arch}. ` +
      'Install Node 24 (https://nodejs.org/en/download) and run the command again.',
  );
}

const PROGRAMS = {
  'redis-server': { apt: 'redis-server', brew: 'redis', or: 'valkey-server', oldest: 7 },
  'docker-registry': { apt: 'docker-registry' },
  wrk: { apt: 'wrk', brew: 'wrk' },
};

/** Finds a program on PATH, or installs it where a package manager can; else stops with the line that the user has to run. */
export function ensureProgram(name) {
  if (isUsable(name)) return;
  install(PROGRAMS[name]);
  if (isUsable(name)) return;
  const { oldest } = PROGRAMS[name];
  const what = oldest === undefined ? name : `${name} ${oldest}.0 or newer`;
  stop(`${what} is needed and could not be installed; run: ${installLine(name)}`);
}

function isUsable(name) {
  const { or, oldest } = PROGRAMS[name];
  return [name, or].some((program) => {
    const path = program === undefined ? undefined : which(program);
    return path !== undefined && (oldest === undefined || majorOf(path) >= oldest);
  });
}

/** `Redis server v=7.0.15 …` */
function majorOf(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return Number(/\bv=(\d+)\./.exec(stdout ?? '')?.[1] ?? 0);
}

function install({ apt, brew }) {
  const isRoot = process.getuid?.() === 0;
  if (which('apt-get') !== undefined && (isRoot || hasSudo())) {
    say(`installing ${apt} (apt-get)`);
    // RUNLEVEL: Debian would start a service that it installs; ours run only as long as we do.
    const env = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get'];
    const aptGet = (...args) => {
      const [command, ...rest] = isRoot ? ['env', ...env] : ['sudo', '-n', 'env', ...env];
      return run(command, [...rest, ...args], { optional: true, timeout: 300_000 });
    };
    const now = ['install', '-y', '--no-install-recommends', apt];
    if (!aptGet(...now) && aptGet('update')) aptGet(...now);
  } else if (brew !== undefined && which('brew') !== undefined) {
    say(`installing ${brew} (brew)`);
    run('brew', ['install', brew], { optional: true, timeout: 600_000 });
  }
}

/** The one line for a program that we could not install. */
function installLine(name) {
  const { apt, brew } = PROGRAMS[name];
  if (process.platform === 'darwin') {
    return brew === undefined
      ? `npm run unit (there is no Homebrew formula for ${name})`
      : `brew install ${brew}`;
  }
  if (which(name) === undefined) return `sudo apt-get update && sudo apt-get install -y ${apt}`;
  // There is one, and it is too old: Ubuntu 22.04 and Debian 11.
  return 'sudo add-apt-repository -y ppa:redislabs/redis && sudo apt-get install -y redis-server';
}

/** Path of an executable on PATH. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function hasSudo() {
  return which('sudo') !== undefined && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

/** Runs a command in the root folder; stops on failure unless it is optional. */
export function run(command, args, { optional = false, timeout, env } = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', optional ? 'ignore' : 'inherit', optional ? 'ignore' : 'inherit'],
    timeout,
    env: env ?? process.env,
  });
  if (status === 0) return true;
  if (!optional)
    stop(`${command} ${args.join(' ')} failed (${error?.message ?? `exit code ${String(status)}`})`);
  return false;
}

/** The environment in which our own programs run: Node 24 first on PATH. */
export function node24Environment(node) {
  return {
    ...process.env,
    PATH: [dirname(node), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  };
}

/** Builds dist/ (TypeScript 7, incremental: a second, or less). */
export function build(node) {
  run(node, [join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
}

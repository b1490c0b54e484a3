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

const PACKAGES = {
  'redis-server': { apt: 'redis-server', brew: 'redis', or: 'valkey-server' },
  'docker-registry': { apt: 'docker-registry', brew: undefined },
  wrk: { apt: 'wrk', brew: 'wrk' },
};

/** Path of a program from PATH, installed first if a package manager can; `undefined` where it cannot be had. */
export function ensureProgram(name) {
  const present = which(name) ?? (PACKAGES[name].or === undefined ? undefined : which(PACKAGES[name].or));
  if (present !== undefined) return present;
  const { apt, brew } = PACKAGES[name];
  if (which('apt-get') !== undefined && (process.getuid?.() === 0 || hasSudo())) {
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    say(`installing ${apt} (apt-get)`);
    // Debian starts a service after installing it; the policy file keeps that from happening while we install.
    const [command, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get'];
    if (
      !run(command, [...rest, 'install', '-y', '--no-install-recommends', apt], {
        optional: true,
        timeout: 300_000,
      })
    ) {
      run(command, [...rest, 'update'], { optional: true, timeout: 300_000 });
      run(command, [...rest, 'install', '-y', '--no-install-recommends', apt], {
        optional: true,
        timeout: 300_000,
      });
    }
  } else if (brew !== undefined && which('brew') !== undefined) {
    say(`installing ${brew} (brew)`);
    run('brew', ['install', brew], { optional: true, timeout: 600_000 });
  }
  return which(name);
}

/** The one line that a user has to run for a program that we could not install. */
export function installHint(name) {
  const { apt, brew } = PACKAGES[name];
  if (process.platform === 'darwin' && brew !== undefined) return `brew install ${brew}`;
  return `sudo apt-get install -y ${apt}`;
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

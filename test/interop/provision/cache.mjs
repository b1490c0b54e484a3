// The cache of finished tools: where they lie, how one gets there whole, and who may build it.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const TRIES = 3;
const LOCK_POLL_MS = 500;
/** Longer than any build may take: who holds a lock since then is another process with the number of a dead one. */
const LOCK_MS = 3_600_000;

/** The cache folder, outside the tree; `CONNAISSEUR_TOOLS` moves it. */
export function cacheFolder(env = process.env) {
  return env.CONNAISSEUR_TOOLS ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'connaisseur-tools');
}

/** Where one version of a tool lies, whether it is there or not. */
export function toolFolder({ name, version }) {
  return join(cacheFolder(), `${name}-${version}`);
}

/**
 * Makes a tool's folder once: builds it in a folder of its own, three tries, and moves it into place when it is whole.
 * Says whether it was there already.
 */
export async function installOnce(tool, build) {
  if (existsSync(toolFolder(tool))) return 'have';
  mkdirSync(cacheFolder(), { recursive: true });
  const unlock = await lock(tool);
  try {
    // Another run may have finished it while this one waited.
    if (existsSync(toolFolder(tool))) return 'have';
    await tryThrice(() => buildAside(tool, build));
    return 'made';
  } finally {
    unlock();
  }
}

/** Runs `action` up to three times, with a longer pause each time, and throws the last error. */
export async function tryThrice(action, { wait = pause, tell = (line) => process.stderr.write(line) } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt === TRIES || error.isHopeless === true) throw error;
      tell(`  try ${attempt} of ${TRIES} failed: ${error.message}\n`);
      await wait(2_000 * attempt);
    }
  }
}

async function buildAside(tool, build) {
  const prefix = `.making-${tool.name}-${tool.version}-`;
  // Nobody else makes it while we have its lock: such a folder is of a run that was killed.
  for (const left of readdirSync(cacheFolder()).filter((name) => name.startsWith(prefix)))
    rmSync(join(cacheFolder(), left), { recursive: true, force: true });
  const scratch = mkdtempSync(join(cacheFolder(), prefix));
  try {
    const finished = join(scratch, 'finished');
    mkdirSync(finished);
    await build({ scratch, finished });
    renameSync(finished, toolFolder(tool));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Waits until no living process holds the tool's lock, takes it, and returns what lets go of it. */
async function lock(tool) {
  const file = `${toolFolder(tool)}.lock`;
  for (let told = false; ;) {
    if (takeLock(file)) return () => rmSync(file, { force: true });
    const holder = holderOf(file);
    if (!isAlive(holder) || isOld(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`  process ${holder} makes ${tool.name} already: waiting for it\n`);
    told = true;
    await pause(LOCK_POLL_MS);
  }
}

function takeLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    // Let go of in this moment.
    return 0;
  }
}

function isOld(file) {
  const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs > LOCK_MS;
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

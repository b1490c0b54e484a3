import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis of our own on a unix socket, for as long as this process lives. */
export interface PrivateRedis {
  readonly url: string;
  stop(): Promise<void>;
}

const PROGRAMS = ['redis-server', 'valkey-server'];
/** Streams as we use them; Valkey begins at 7.2. */
const OLDEST_MAJOR = 7;
const START_MS = 10_000;
const STOP_MS = 3_000;
/** Before a server that ended is started again, ms. */
const RESTART_MS = 100;

/**
 * Runs the server as a grandchild: the shell between holds a pipe from us, and ends the server when the pipe closes, so
 * that it does not outlive us whatever ends us.
 */
const GUARD = '"$@" & pid=$!; (cat <&3 >/dev/null; kill $pid 2>/dev/null) & wait $pid';

/** Starts redis-server (or valkey-server) from PATH; throws with what to install where there is none. */
export async function startPrivateRedis(directory: string): Promise<PrivateRedis> {
  const program = findServer();
  const socket = join(directory, 'redis.sock');
  const stopping = new AbortController();
  let child = run(program, directory, socket);
  const keepUp = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (isRunning(child)) await once(child, 'exit');
      if (stopping.signal.aborted) return;
      await sleep(RESTART_MS);
      // What was appended is still there: go on with the same file.
      if (!stopping.signal.aborted) child = run(program, directory, socket);
    }
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    const gone = isRunning(child) ? once(child, 'exit') : Promise.resolve();
    for (const pipe of child.stdio) pipe?.destroy();
    await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })]);
  };
  void keepUp();
  try {
    await waitForSocket(socket);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `unix://${socket}`, stop };
}

/** Path of a server that is new enough. */
function findServer(): string {
  const found = PROGRAMS.flatMap(which);
  const usable = found.find((path) => majorOf(path) >= OLDEST_MAJOR);
  if (usable !== undefined) return usable;
  const what = found.length === 0 ? 'is not installed' : `is too old (${found.join(', ')})`;
  throw new Error(
    `redis-server ${what}: install Redis 7.0 or newer ("apt-get install redis-server" or "brew install redis"), or give --redis-url`,
  );
}

/** `Redis server v=7.0.15 …`; 0 where the program says something else. */
function majorOf(path: string): number {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5_000 });
  return Number(/\bv=(\d{1,4})\./.exec(stdout ?? '')?.[1] ?? 0);
}

function run(program: string, directory: string, socket: string): ChildProcess {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    loglevel: 'warning',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  // Its own process group: Ctrl-C in a terminal is ours to handle, in our order.
  return spawn('sh', ['-c', GUARD, 'sh', program, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function waitForSocket(path: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    if (await canConnect(path)) return;
    await sleep(20);
  }
  throw new Error(`the private redis-server did not start within ${START_MS / 1000} s`);
}

function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Where a program is on PATH, if it is. */
function which(name: string): string[] {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return paths.filter(isExecutable).slice(0, 1);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

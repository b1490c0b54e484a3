import { type ChildProcess, spawn } from 'node:child_process';
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
const START_MS = 10_000;

/**
 * Runs the server as a grandchild: the shell between holds a pipe from us, and ends the server when the pipe closes, so
 * that it does not outlive us whatever ends us.
 */
const GUARD = '"$@" & pid=$!; (cat <&3 >/dev/null; kill $pid 2>/dev/null) & wait $pid';

/** Starts redis-server (or valkey-server) from PATH; throws with what to install where there is none. */
export async function startPrivateRedis(directory: string): Promise<PrivateRedis> {
  const program = PROGRAMS.map(which).find((path) => path !== undefined);
  if (program === undefined) {
    throw new Error(
      'redis-server (7.0 or newer) is not installed: "apt-get install redis-server" or "brew install redis", or give --redis-url',
    );
  }
  const socket = join(directory, 'redis.sock');
  let stopped = false;
  let child = run(program, directory, socket);
  const watch = (running: ChildProcess): void => {
    running.on('exit', () => {
      if (stopped) return;
      // What was appended is still there: start again on the same file.
      child = run(program, directory, socket);
      watch(child);
    });
  };
  watch(child);
  await waitForSocket(socket, START_MS);
  return {
    url: `unix://${socket}`,
    stop: async () => {
      stopped = true;
      const gone =
        child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve();
      for (const pipe of child.stdio) pipe?.destroy();
      await Promise.race([gone, sleep(3_000)]);
    },
  };
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

async function waitForSocket(path: string, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (await canConnect(path)) return;
    await sleep(20);
  }
  throw new Error(`the private redis-server did not start within ${ms / 1000} s`);
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

function which(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

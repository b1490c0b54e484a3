import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A `redis-server` of one's own, on a unix socket. */
export interface PrivateRedis {
  /** `unix://…` for `createRedis`. */
  readonly url: string;
  readonly socket: string;
  /** Data and socket live here; gone after `stop()`. */
  readonly directory: string;
  /** `SIGKILL`: no code of Redis runs any more. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same socket and data; resolves when it answers. */
  start(): Promise<void>;
  /** Stops the process for a while, as a hung machine would. */
  pause(): void;
  resume(): void;
  /** Ends it and takes its files away. */
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** More arguments for `redis-server`; the last word counts. */
  readonly args?: readonly string[];
  /** Append-only file with `appendfsync everysec`, as in production; on by default. */
  readonly appendOnly?: boolean;
}

const START_MS = 10_000;

/** Spawns a Redis with production's settings, and waits until it answers. Throws where `redis-server` is missing. */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'connaisseur-redis-'));
  const socket = join(directory, 'redis.sock');
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawnRedis(directory, socket, options);
    await untilAnswering(socket, child);
  };
  const kill = async (): Promise<void> => {
    const dying = child;
    child = undefined;
    if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = once(dying, 'exit');
    dying.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url: `unix://${socket}`,
    socket,
    directory,
    kill,
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    stop: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function spawnRedis(
  directory: string,
  socket: string,
  { args = [], appendOnly = true }: PrivateRedisOptions,
): ChildProcess {
  const persistence = appendOnly
    ? ['--appendonly', 'yes', '--appendfsync', 'everysec']
    : ['--appendonly', 'no'];
  const place = ['--port', '0', '--unixsocket', socket, '--dir', directory];
  const rest = ['--save', '', '--maxmemory-policy', 'noeviction', '--loglevel', 'warning', ...args];
  const child = spawn('redis-server', [...place, ...persistence, ...rest], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // A test run that ends early leaves no server behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
  return child;
}

async function untilAnswering(socket: string, child: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  for (const begun = performance.now(); performance.now() - begun < START_MS; await pause(5)) {
    if (failure !== undefined)
      throw new Error('redis-server cannot be started; is it installed?', { cause: failure });
    if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`);
    if (await answersPing(socket)) return;
  }
  throw new Error(`redis-server did not answer within ${START_MS} ms`);
}

function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (answers: boolean): void => {
      connection.destroy();
      resolve(answers);
    };
    connection.once('error', () => end(false));
    connection.once('connect', () => connection.write('PING\r\n'));
    connection.once('data', (data) => end(/^(?:\+PONG|-NOAUTH)/.test(data.toString())));
  });
}

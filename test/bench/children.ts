import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';

/** Where a process may run: the gateway's core, the load's core, or both. */
export type Place = 'gateway' | 'load' | 'anywhere';

/** One process of a measurement. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly output: () => string;
}

const CORES: Readonly<Record<Place, string>> = { gateway: '0', load: '1', anywhere: '0,1' };
const running = new Set<ChildProcess>();
const canPin = process.platform === 'linux' && availableParallelism() > 1 && hasTaskset();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
if (!canPin)
  process.stderr.write('bench: no taskset or only one core: nothing is pinned, ratios are rough\n');

/** Starts a process that does not outlive this one, not even where this one is killed: Node children see the channel close. */
export function startChild(
  command: readonly string[],
  options: { place?: Place; env?: NodeJS.ProcessEnv } = {},
): Child {
  const { place = 'anywhere', env = {} } = options;
  const [program = process.execPath, ...args] = [...pinPrefix(place), ...command];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], ...env },
  });
  if (child.pid === undefined) throw new Error(`${command.join(' ')} did not start`);
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-20_000)));
  }
  return { pid: child.pid, process: child, output: () => output };
}

/** Ends a process; resolves when it is gone. */
export async function endChild({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Moves a running process with all its threads. */
export function pin(pid: number, place: Place): void {
  if (canPin) execFileSync('taskset', ['-apc', CORES[place], String(pid)], { stdio: 'ignore' });
}

/** CPU that a process has used with all its threads so far, µs; undefined where the system does not say. */
export function cpuMicroseconds(pid: number): number | undefined {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const used = tasks.map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return used.reduce((sum, ns) => sum + ns, 0) / 1000;
  } catch {
    return undefined;
  }
}

/** What to put before a command so that it runs in a place. */
export function pinPrefix(place: Place): string[] {
  return canPin && place !== 'anywhere' ? ['taskset', '-c', CORES[place]] : [];
}

/** The first message of a child; throws with its output where it ends before. */
export async function firstMessage<T>(child: Child): Promise<T> {
  const ended = once(child.process, 'exit').then(() => {
    throw new Error(`a process of the benchmark ended:\n${child.output()}`);
  });
  const [message] = (await Promise.race([once(child.process, 'message'), ended])) as [T];
  ended.catch(() => undefined);
  return message;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('expected a port');
  return address.port;
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

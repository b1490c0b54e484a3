import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..', '..');
export const LAUNCHER = join(ROOT, 'apps', 'cli', 'bin', 'connaisseur.mjs');
const RUN_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The Node that runs the launcher. */
  readonly node?: string;
}

/** The launcher as a user starts it, with nothing of our own environment but PATH; everything dies with the test. */
export class Launched implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], { env = {}, node = process.execPath }: LaunchOptions = {}) {
    this.process = spawn(node, [LAUNCHER, ...args], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.process.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.ended = new Promise((resolve) =>
      this.process.once('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      ),
    );
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Resolves when the condition holds; rejects with the output when it does not in time, or when the program ended. */
  async until(condition: (self: this) => boolean, what: string, ms = RUN_MS): Promise<void> {
    const end = performance.now() + ms;
    while (!condition(this)) {
      const isOver = this.process.exitCode !== null || performance.now() > end;
      if (isOver)
        throw new Error(`not within ${ms} ms: ${what}\n${this.stdout}\n${this.stderr.slice(-4000)}`);
      await sleep(20);
    }
  }

  /** Sends a signal and resolves when the launcher is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal);
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const children = descendants(this.pid);
    this.process.kill('SIGTERM');
    const ended = await Promise.race([this.ended, sleep(5_000, undefined, { ref: false })]);
    if (ended !== undefined) return;
    for (const pid of [this.pid, ...children]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
}

/** Runs a command to its end. */
export async function run(args: readonly string[], options?: LaunchOptions): Promise<Ended> {
  await using launched = new Launched(args, options);
  const timer = setTimeout(() => launched.process.kill('SIGKILL'), RUN_MS);
  const ended = await launched.ended;
  clearTimeout(timer);
  return ended;
}

/** Every process below this one, from `/proc`. */
export function descendants(pid: number): number[] {
  const children = processes().filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child.pid, ...descendants(child.pid)]);
}

/** Command lines of processes, for a message and to tell a Redis from the rest. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** A process that runs; one that has ended and was not collected does not. */
export function isAlive(pid: number): boolean {
  const found = statOf(pid);
  return found !== undefined && found.state !== 'Z';
}

function processes(): { pid: number; parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = statOf(Number(name));
      return found === undefined ? [] : [{ pid: Number(name), parent: found.parent }];
    });
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const [state = '', parent = '0'] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

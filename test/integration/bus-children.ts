import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { CLUSTER } from './bus-rig.js';
import { SOURCE_FLAGS } from './source-flags.js';

/** One verifier process. */
export class VerifierChild {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#exit = once(child, 'exit');
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => void this.lines.push(line));
    }
  }

  static start(url: string, files: ReadonlyMap<string, string>, slots = 8): VerifierChild {
    const script = join(import.meta.dirname, 'bus-child.ts');
    const settings = JSON.stringify({ url, cluster: CLUSTER, files: [...files], slots });
    return new VerifierChild(
      spawn(process.execPath, [...SOURCE_FLAGS, script, settings], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
  }

  get isServing(): boolean {
    return this.isAlive && this.lines.includes('serving');
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  begun(image: string): number {
    return this.lines.filter((line) => line === `begins ${image}`).length;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(name);
  }

  async gone(): Promise<void> {
    if (this.isAlive) await this.#exit;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.gone();
  }
}

/** Verifier processes that are started again when they end, as a cluster would do it. */
export class VerifierFleet {
  readonly #start: () => VerifierChild;
  readonly #ever: VerifierChild[] = [];
  #isStopped = false;

  constructor(count: number, start: () => VerifierChild) {
    this.#start = start;
    for (let index = 0; index < count; index += 1) void this.#keepAlive();
  }

  get serving(): number {
    return this.#ever.filter(({ isServing }) => isServing).length;
  }

  /** Processes that ended. */
  get deaths(): number {
    return this.#ever.filter(({ isAlive }) => !isAlive).length;
  }

  begun(image: string): number {
    return this.#ever.reduce((sum, child) => sum + child.begun(image), 0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#ever.map((child) => child.kill()));
  }

  async #keepAlive(): Promise<void> {
    while (!this.#isStopped) {
      const child = this.#start();
      this.#ever.push(child);
      await child.gone();
    }
  }
}

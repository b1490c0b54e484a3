import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';

const SETPRIV = '/usr/bin/setpriv';
const TERM_MS = 3_000;
/** Below what systems give to outgoing connections, so that none takes a port between our look and the server's start. */
const PORTS = { lowest: 12_000, highest: 30_000 };
const PORT_TRIES = 50;

/** A real server of a test: its output in a file, and gone when we are. */
export class ServerProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  #failure: Error | undefined;

  constructor(program: string, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv) {
    this.name = basename(program);
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    const [file = program, ...rest] = endedWithParent([program, ...args]);
    this.#child = spawn(file, rest, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#child.once('error', (error) => (this.#failure = error));
    process.once('exit', this.#kill);
    this.#child.once('exit', () => process.removeListener('exit', this.#kill));
  }

  /** Throws with the end of its log when it does not run any more. */
  assertRunning(): void {
    if (this.#failure !== undefined)
      throw new Error(`${this.name} cannot be started`, { cause: this.#failure });
    if (this.#hasEnded())
      throw new Error(
        `${this.name} ended with ${this.#child.exitCode ?? this.#child.signalCode}:\n${this.tail()}`,
      );
  }

  /** The last lines of its log. */
  tail(lines = 15): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Asks it to end, kills it when it does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#failure !== undefined || this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const impatience = setTimeout(this.#kill, TERM_MS);
    await ended;
    clearTimeout(impatience);
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');
}

/** The kernel kills the program when this process dies, however it dies. */
function endedWithParent(line: readonly string[]): readonly string[] {
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'SIGKILL', '--', ...line] : line;
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORT_TRIES; attempt += 1) {
    const port = PORTS.lowest + Math.floor(Math.random() * (PORTS.highest - PORTS.lowest));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port was found in ${PORT_TRIES} tries`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that had to end well and did not. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly result: CommandResult;

  constructor(line: readonly string[], result: CommandResult) {
    super(`${line.join(' ')} ended with code ${result.code}:\n${result.stderr}${result.stdout}`);
    this.result = result;
  }
}

/** Runs a program to its end and tells how it went; what cannot be started throws. */
export function runCommand(
  program: string,
  args: readonly string[],
  { stdin, env, seconds = 120 }: { stdin?: string; env: NodeJS.ProcessEnv; seconds?: number },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: seconds * 1_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== null) stderr += `\nended by ${signal} (given ${seconds} s)`;
      resolve({ code: code ?? 128, stdout, stderr });
    });
    // A program that ends without reading is told by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

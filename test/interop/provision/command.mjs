// Runs one program, without standard input, and keeps the end of what it says for the error.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const KEPT_CHARACTERS = 2_000;

/** Standard output of a program that ended well; an error with the end of its standard error otherwise. */
export function command(program, args, { cwd, env, minutes }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: minutes * 60_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-KEPT_CHARACTERS)));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(failure(program, args, signal ?? `exit code ${code}`, complaint));
    });
  });
}

function failure(program, args, ending, complaint) {
  return new Error(
    `${program} ${args[0] ?? ''} ended with ${ending}: ${complaint.trim() || 'it said nothing'}`,
  );
}

/** An error that a second try cannot cure. */
export function hopeless(message) {
  return Object.assign(new Error(message), { isHopeless: true });
}

/** Path of a program on PATH or in one of `folders`, or `undefined`. */
export function which(name, folders = []) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...folders]) {
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

// `npm run e2e` as a person has it, from its built program on.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, expect, test } from 'vitest';

import { waitFor } from '../interop/world/index.js';
import { STEPS } from './steps.js';

const MAIN = 'dist/test/e2e/main.js';
let running: ChildProcess | undefined;
let folder: string | undefined;

afterEach(() => {
  running?.kill('SIGKILL');
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test('help names every step', () => {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
  expect(status).toBe(0);
  for (const { name } of STEPS) expect(stdout).toContain(name);
});

test('a minor that nobody built is an error before anything starts', () => {
  expect(spawnSync(process.execPath, [MAIN, '--minor', '1.2']).status).toBe(2);
});

test.for([
  { name: 'Ctrl-C ends all of it and leaves no folder', signal: 'SIGINT', leaves: false },
  { name: 'even a killed one leaves no server', signal: 'SIGKILL', leaves: true },
] as const)('--keep stays up until it is told: $name', async ({ signal, leaves }) => {
  const child = spawn(process.execPath, [MAIN, '--keep'], { stdio: ['ignore', 'pipe', 'inherit'] });
  running = child;
  const ended = once(child, 'exit');
  const kubeconfig = await kubeconfigLine(child);
  folder = dirname(kubeconfig);
  const server = /https:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(kubeconfig, 'utf8'))?.[0] ?? '';
  expect(await answers(server)).toBe(true);
  expect(existsSync(join(folder, 'kube-apiserver.log'))).toBe(true);
  child.kill(signal);
  await ended;
  await waitFor('the end of the API server', async () => !(await answers(server)), { seconds: 5 });
  expect(existsSync(folder)).toBe(leaves);
});

async function kubeconfigLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('it has no standard output');
  for await (const line of createInterface(child.stdout)) {
    const file = /^export KUBECONFIG=(.*)$/.exec(line)?.[1];
    if (file !== undefined) return file;
  }
  throw new Error('it ended without naming a kubeconfig');
}

/** Whether somebody listens: its certificate is of an authority that only the kubeconfig names. */
async function answers(server: string): Promise<boolean> {
  return fetch(server).then(
    () => true,
    (error: unknown) =>
      !String(error instanceof Error ? Reflect.get(error.cause ?? {}, 'code') : '').includes('ECONNREFUSED'),
  );
}

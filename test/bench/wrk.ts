import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startChild } from './children.js';

export interface WrkResult {
  readonly perSecond: number;
  readonly requests: number;
  readonly p99Ms: number;
}

const MS_OF = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
]);

/** Closed loop with 16 connections from the load's core; throws where an answer was not 2xx. */
export async function wrk(
  port: number,
  script: string,
  seconds: number,
  place: 'load' | 'anywhere' = 'load',
): Promise<WrkResult> {
  const url = `https://127.0.0.1:${port}/mutate?timeout=10s`;
  const args = ['-t1', '-c16', `-d${seconds}s`, '--latency', '-s', script, url];
  const child = startChild(['wrk', ...args], { place });
  await new Promise((resolve) => child.process.once('close', resolve));
  const text = child.output();
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const [, p99 = '', unit = ''] = /\s99%\s+([\d.]+)(us|ms|s)\b/.exec(text) ?? [];
  if (!(perSecond > 0) || text.includes('Non-2xx') || text.includes('Socket errors'))
    throw new Error(`wrk: ${text}`);
  return { perSecond, requests, p99Ms: Number(p99) * (MS_OF.get(unit) ?? Number.NaN) };
}

/** A script for wrk that posts this body. */
export function wrkScript(directory: string, name: string, body: Buffer): string {
  const file = join(directory, `${name}.json`);
  const script = join(directory, `${name}.lua`);
  writeFileSync(file, body);
  writeFileSync(
    script,
    `local f = io.open("${file}", "rb"); wrk.body = f:read("*all"); f:close()
wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"
`,
  );
  return script;
}

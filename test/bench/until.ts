import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Child } from './children.js';

const READY_MS = 20_000;

/** Resolves when the condition holds; throws with the child's output where it ends before, or after a while. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  child?: Child,
): Promise<void> {
  for (const end = performance.now() + READY_MS; performance.now() < end; await sleep(5)) {
    if (child !== undefined && child.process.exitCode !== null) break;
    if (await condition()) return;
  }
  throw new Error(`not within ${READY_MS} ms: ${what}\n${child?.output() ?? ''}`);
}

/** Status of an answer to GET; 0 without one. */
export async function status(url: string): Promise<number> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** The same for `/ready` of a webhook's port, whatever its certificate. */
export async function webhookStatus(port: number): Promise<number> {
  return await new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/ready', rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', () => resolve(0));
  });
}

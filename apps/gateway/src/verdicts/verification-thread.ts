// Runs in a worker thread of the gateway: the same engine, with a heap of its own. See threaded-verification.ts.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { createTransport } from '#registry';
import { openEngine } from '#verification';

import { unknownRule } from './local-verification.js';
import type { FromThread, ThreadSetup, ToThread } from './thread-messages.js';

/** As long as the longest flight: who asked has left by then. */
const BUDGET_MS = 25_000;

const { source, secretsDirectory, dockerConfig } = workerData as ThreadSetup;
const engine = openEngine(loadConfiguration(source), {
  transport: createTransport(),
  secretsDirectory,
  dockerConfig,
  readFile: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  clock: () => new Date(),
  onFault: () => undefined,
});

parentPort?.on('message', ({ id, image, rule, revision }: ToThread) => {
  void verify(image, rule, revision).then((verdict) =>
    parentPort?.postMessage({ id, verdict } satisfies FromThread),
  );
});

async function verify(image: string, rule: string, revision: string): Promise<unknown> {
  const bound = engine.rule(rule);
  // Another revision with the same rule and trust gives the same verdict; without the rule there is none to give.
  if (bound === undefined || engine.configuration.trustRevision !== revision) return unknownRule();
  return await engine.verify(parseImageReference(image), bound, AbortSignal.timeout(BUDGET_MS));
}

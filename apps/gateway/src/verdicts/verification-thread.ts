// Runs in a worker thread of the gateway: the same engine, with a heap of its own. See threaded-verification.ts.
import { parentPort, workerData } from 'node:worker_threads';

import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { createTransport, PullCredential } from '#registry';
import { FloorStore } from '#validator-notaryv1';
import { openEngine, openKeychain, readIfPresent, verdictOf } from '#verification';

import { unknownRule } from './local-verification.js';
import { ThreadFloors } from './thread-floors.js';
import type { FromThread, ThreadPull, ThreadQuestion, ThreadSetup, ToThread } from './thread-messages.js';

/** As long as the longest flight: who asked has left by then. */
const BUDGET_MS = 25_000;

const { source, secretsDirectory, dockerConfig } = workerData as ThreadSetup;
const transport = createTransport();
const floors = new ThreadFloors(say);
const shared = openEngine(loadConfiguration(source), {
  transport,
  // The environment of this thread is what the gateway gave it for this.
  keychain: openKeychain(transport, process.env),
  notary: { floors: new FloorStore(floors), observe: (event) => event.kind === 'rollback' && say(event) },
  secretsDirectory,
  dockerConfig,
  readFile: readIfPresent,
  clock: () => new Date(),
  // The verdict says CNS-3004, and the gateway logs that it got one.
  onFault: () => undefined,
});
const running = new Map<number, AbortController>();

parentPort?.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'ping':
      return say({ kind: 'pong' });
    case 'cancel':
      return running.get(message.id)?.abort();
    case 'floor':
      return floors.hear(message.id, message.text);
    case 'verify':
      return void answer(message.id, message);
  }
});
say({ kind: 'ready' });

async function answer(id: number, question: ThreadQuestion): Promise<void> {
  const cancel = new AbortController();
  running.set(id, cancel);
  const signal = AbortSignal.any([cancel.signal, AbortSignal.timeout(BUDGET_MS)]);
  const verdict = await verify(question, signal).catch((error: unknown) => verdictOf(error, [], 0));
  running.delete(id);
  say({ kind: 'verdict', id, verdict });
}

async function verify(
  { image, rule, trustRevision, pull }: ThreadQuestion,
  signal: AbortSignal,
): Promise<unknown> {
  const engine = shared.within(pull === undefined ? undefined : credentialOf(pull));
  const bound = engine.rule(rule);
  // A verdict under another trust or with other credentials is no answer to this question.
  if (bound === undefined || engine.trustRevision !== trustRevision) return unknownRule();
  return await engine.verify(parseImageReference(image), bound, signal);
}

function credentialOf({ secretName, scopeId, entry }: ThreadPull): PullCredential {
  return new PullCredential(secretName, scopeId, entry);
}

function say(message: FromThread): void {
  parentPort?.postMessage(message);
}

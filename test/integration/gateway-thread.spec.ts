// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { loadConfiguration } from '#config';
import { type ImageReference, parseImageReference } from '#image-ref';
import { createTransport, type HttpTransport } from '#registry';
import {
  CosignSigner,
  notaryDigest,
  pushImage,
  pushLegacySignature,
  VirtualNotary,
  VirtualRegistry,
} from '#testing';
import { FloorStore, type NotaryEvent, RelayedFloors } from '#validator-notaryv1';
import { openEngine, type Question, type VerificationEngine } from '#verification';

import {
  ThreadedVerification,
  type ThreadedVerificationOptions,
} from '../../apps/gateway/src/verdicts/threaded-verification.js';
import { renderedConfiguration } from './system.js';

/** The thread's program as production has it. */
const ENTRY = new URL('../../dist/apps/gateway/src/verdicts/verification-thread.js', import.meta.url);
const team = new CosignSigner('P-256');
let registry: VirtualRegistry;
let transport: HttpTransport;
let text: string;
let engine: VerificationEngine;
let open: ThreadedVerification | undefined;
let serial = 0;

beforeAll(async () => {
  registry = await VirtualRegistry.start();
  transport = createTransport();
  text = renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem });
  engine = openEngine(loadConfiguration({ file: { name: 'config.yaml', text } }), {
    transport,
    secretsDirectory: undefined,
    dockerConfig: undefined,
    readFile: () => undefined,
    clock: () => new Date(),
    onFault: () => undefined,
  });
});

afterEach(async () => await open?.close());
afterAll(async () => {
  await transport?.close();
  await registry?.stop();
});

function threads(options: Partial<ThreadedVerificationOptions> & { text?: () => string } = {}) {
  const crashes: unknown[] = [];
  const local = new ThreadedVerification({
    entry: ENTRY,
    // Not with the conditions of the test runner, under which it would not find the built program.
    execArgv: [],
    setup: () => ({
      source: { file: { name: 'config.yaml', text: options.text?.() ?? text } },
      secretsDirectory: undefined,
      dockerConfig: undefined,
    }),
    floors: new RelayedFloors(new FloorStore()),
    onNotary: () => undefined,
    onCrash: (error) => crashes.push(error),
    ...options,
  });
  open = local;
  return { local, crashes };
}

async function image(signed = true): Promise<{ reference: ImageReference; path: string; digest: string }> {
  const path = `thread-${(serial += 1)}`;
  const pushed = await pushImage(registry.content, path, { tag: 'v1' });
  const layer = team.signLegacy({ digest: pushed.digest, repository: `${registry.host}/${path}` });
  if (signed) await pushLegacySignature(registry.content, path, pushed.digest, [layer]);
  return { reference: parseImageReference(`${registry.host}/${path}:v1`), path, digest: pushed.digest };
}

function ask(reference: ImageReference, changes: Partial<Question> = {}, by = engine): Question {
  const bound = by.govern(reference);
  if (bound === undefined) throw new Error('no rule');
  const { trustRevision, configuration } = by;
  return {
    image: reference,
    rule: bound.rule.hash,
    revision: configuration.trustRevision,
    trustRevision,
    ...changes,
  };
}

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

test('the thread and the gateway’s own engine say the same', async () => {
  const { local, crashes } = threads();
  for (const signed of [true, false]) {
    const { reference } = await image(signed);
    const bound = engine.govern(reference);
    if (bound === undefined) throw new Error('no rule');
    const [there, here] = await Promise.all([
      local.verify(ask(reference), soon()),
      engine.verify(reference, bound, soon()),
    ]);
    const plain = ({ evidence: _evidence, tookMs: _tookMs, ...rest }: typeof here): object => rest;
    expect(plain(there)).toEqual(plain(here));
    expect(there.outcome).toBe(signed ? 'admitted' : 'refused');
  }
  expect(crashes).toEqual([]);
});

test.for([
  { name: 'H11 another trust', changes: { trustRevision: 'f'.repeat(64) } },
  { name: 'a rule that went away', changes: { rule: 'f'.repeat(64) } },
])('$name is no verdict', async ({ changes }) => {
  const { local } = threads();
  const { reference } = await image();
  await expect(local.verify(ask(reference, changes), soon())).resolves.toMatchObject({ code: 'CNS-3002' });
});

test('F28 what is pending while the configuration changes is answered', async () => {
  const { local, crashes } = threads();
  const { reference, path, digest } = await image();
  await local.verify(ask((await image()).reference), soon());
  registry.misbehave({
    path: new RegExp(`/v2/${path}/manifests/v1$`),
    nth: 1,
    toxic: { kind: 'late', ms: 400 },
  });
  const pending = local.verify(ask(reference), soon());
  await sleep(100);
  local.renew();
  const next = await image();
  await expect(local.verify(ask(next.reference), soon())).resolves.toMatchObject({ digest: next.digest });
  await expect(pending).resolves.toMatchObject({ outcome: 'admitted', digest });
  expect(crashes).toEqual([]);
});

describe('F22 a thread that dies', () => {
  test('of its configuration blames no image; a mended one serves', async () => {
    const state = { text: 'validators: [' };
    const { local, crashes } = threads({ text: () => state.text, restMs: 50 });
    const { reference, digest } = await image();
    await expect(local.verify(ask(reference), soon())).resolves.toMatchObject({ code: 'CNS-3002' });
    expect(crashes).toHaveLength(1);
    state.text = text;
    await sleep(60);
    await expect(local.verify(ask(reference), soon())).resolves.toMatchObject({ digest });
  });

  test('of its heap leaves the gateway alive', async () => {
    // Too little for the program itself: what eats the heap does not matter to who watches it.
    const { local, crashes } = threads({ heapMib: 4 });
    const { reference } = await image();
    await expect(local.verify(ask(reference), soon())).resolves.toMatchObject({ outcome: 'undecided' });
    expect(crashes.length).toBeGreaterThan(0);
  });
});

test('T02 a rollback that a thread meets is told to the gateway', async () => {
  const notary = new VirtualNotary();
  const name = 'registry.example/acme/app';
  const collection = await notary.collection(name);
  collection.add('v1', notaryDigest('a')).publish();
  const old = new Map([...notary.files].map(([path, bytes]) => [path.slice(name.length + 1), bytes]));
  collection.add('v1', notaryDigest('b')).publish();
  const server = await serve(notary);
  try {
    const source = notaryConfiguration(server, notary);
    const own = openEngine(loadConfiguration({ file: { name: 'config.yaml', text: source } }), {
      transport,
      secretsDirectory: undefined,
      dockerConfig: undefined,
      readFile: () => undefined,
      clock: () => new Date(),
      onFault: () => undefined,
    });
    const events: NotaryEvent[] = [];
    const { local } = threads({ text: () => source, onNotary: (event) => events.push(event) });
    const reference = parseImageReference(`${name}:v1`);
    const question = ask(reference, {}, own);
    await expect(local.verify(question, soon())).resolves.toMatchObject({ digest: notaryDigest('b') });
    expect(events).toEqual([]);
    collection.serve(old);
    // Another thread: nothing at hand, and what the gateway remembers.
    local.renew();
    await expect(local.verify(question, soon())).resolves.toMatchObject({ code: 'CNS-2007' });
    expect(events).toMatchObject([{ kind: 'rollback', collection: name }]);
  } finally {
    server.close();
  }
});

async function serve({ files }: VirtualNotary): Promise<Server> {
  const server = createServer(({ url = '' }, answer) => {
    const [, collection = '', file = ''] = /^\/v2\/(.+)\/_trust\/tuf\/(.+)\.json$/.exec(url) ?? [];
    const bytes = files.get(`${collection}/${file}`);
    answer.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function notaryConfiguration(server: Server, { keys }: VirtualNotary): string {
  const { port } = server.address() as AddressInfo;
  return JSON.stringify({
    validators: [
      {
        name: 'notary',
        type: 'notaryv1',
        host: `http://127.0.0.1:${port}`,
        trustRoots: [{ name: 'default', key: keys.root.pem }],
      },
    ],
    policy: [{ pattern: '*:*', validator: 'notary' }],
  });
}

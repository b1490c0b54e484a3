// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { Ed25519Signer, Ed25519Verifier, STREAM_KEYS } from '#bus';
import type { Redis } from 'ioredis';

import { TestRedis } from './decisions-redis.js';
import { CLUSTER, consumeUntil, DecisionWorld, numbered, take, uids, uidsOf } from './decisions-world.js';

const forever = new AbortController().signal;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const ALERTING = { group: 'alerting', consumer: 'a', stream: 'decisions' } as const;

let redis: TestRedis;
let admin: Redis;
let world: DecisionWorld;
beforeAll(async () => {
  redis = await TestRedis.start();
  admin = redis.patient();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await admin.flushall();
  world = new DecisionWorld(redis);
});

/** The fields of the newest entry, by name. */
async function newestFields(): Promise<Record<string, string>> {
  const [entry] = await admin.xrevrange(STREAM_KEYS.decisions, '+', '-', 'COUNT', 1);
  const fields = entry?.[1] ?? [];
  return Object.fromEntries(
    fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : [])),
  );
}

async function appendBatch(numbers: readonly number[]): Promise<void> {
  const log = await world.log();
  await Promise.all(numbers.map((number) => log.append(numbered(number))));
  await log.close(forever);
}

test.for([
  {
    name: 'A17 without a signature',
    forge: ({ n, h, d }: Record<string, string>) => ({ n: n!, h: h!, d: d! }),
    reason: 'unsigned',
  },
  {
    name: 'A17 with an empty signature',
    forge: (f: Record<string, string>) => ({ ...f, x: '' }),
    reason: 'unsigned',
  },
  {
    name: 'A17 with other text',
    forge: (f: Record<string, string>) => ({ ...f, d: f['d']!.replace('uid-1', 'uid-9') }),
    reason: 'signature',
  },
  {
    name: 'under another gateway’s name',
    forge: (f: Record<string, string>) => ({ ...f, h: f['h']!.replace('gateway', 'another') }),
    reason: 'signature',
  },
  {
    name: 'with another number',
    forge: (f: Record<string, string>) => ({ ...f, h: f['h']!.replace(/",0,"/, '",7,"') }),
    reason: 'signature',
  },
  {
    name: 'H24 with a key that is not known',
    forge: (f: Record<string, string>) => ({ ...f, h: f['h']!.replace('2026-11', '2025-01') }),
    reason: 'signature',
  },
  {
    name: 'H25 of another cluster',
    forge: (f: Record<string, string>) => ({ ...f, h: f['h']!.replace(CLUSTER, 'elsewhere') }),
    reason: 'cluster',
  },
  {
    name: 'with evidence added',
    forge: (f: Record<string, string>) => ({ ...f, e: '[[0,[[0,[]]]]]' }),
    reason: 'signature',
  },
  {
    name: 'with a count that is not its own',
    forge: (f: Record<string, string>) => ({ ...f, n: '9' }),
    reason: 'signature',
  },
  { name: 'that is something else', forge: () => ({ hello: 'world' }), reason: 'malformed' },
  {
    name: 'H16 with a header that is no JSON',
    forge: (f: Record<string, string>) => ({ ...f, h: '{' }),
    reason: 'malformed',
  },
  {
    name: 'H16 with a field too many',
    forge: (f: Record<string, string>) => ({ ...f, ['constructor']: '1' }),
    reason: 'malformed',
  },
])('a batch $name is dropped, acknowledged and told once', async ({ forge, reason }) => {
  await appendBatch([1, 2]);
  const fields = Object.entries(forge(await newestFields())).flat();
  const id = await admin.xadd(STREAM_KEYS.decisions, '*', ...fields);
  await appendBatch([3, 4]);
  const source = world.source();
  const got = await consumeUntil(source, ALERTING, (all) => all.length >= 4);
  expect(uidsOf(got)).toEqual(uids(4, 1));
  expect(world.told('forged')).toEqual([{ kind: 'forged', stream: 'decisions', id, reason }]);
  expect((await admin.xpending(STREAM_KEYS.decisions, 'alerting'))[0]).toBe(0);
  // History passes by it as well, and does not tell again.
  expect(uidsOf((await source.history({ limit: 10 }, forever)).decisions)).toEqual(uids(4, 1).toReversed());
  expect(world.told('forged')).toHaveLength(1);
});

test('A17 a signed batch does not count in the other stream', async () => {
  await appendBatch([1]);
  await admin.xadd(STREAM_KEYS.denials, '*', ...Object.entries(await newestFields()).flat());
  await appendBatch([3]);
  const reader = { ...ALERTING, stream: 'denials' } as const;
  expect(uidsOf(await consumeUntil(world.source(), reader, (all) => all.length >= 1))).toEqual(['uid-3']);
  expect(world.told('forged')).toMatchObject([{ stream: 'denials', reason: 'signature' }]);
});

test('a batch that somebody wrote a second time is dropped, and its origin tells who did not see the first', async () => {
  await appendBatch([1, 2]);
  await admin.xadd(STREAM_KEYS.decisions, '*', ...Object.entries(await newestFields()).flat());
  await appendBatch([3]);
  const got = await consumeUntil(world.source(), ALERTING, (all) => all.length >= 3);
  expect(uidsOf(got)).toEqual(uids(3, 1));
  expect(world.told('duplicate')).toHaveLength(1);
  const page = await world.source().history({ limit: 10 }, forever);
  expect(uidsOf(page.decisions)).toEqual(['uid-3', 'uid-2', 'uid-1']);
});

test('a batch that somebody took away is a gap', async () => {
  const log = await world.log();
  const ids: string[] = [];
  for (const number of [1, 2, 3, 4]) {
    await log.append(numbered(number));
    ids.push((await admin.xrevrange(STREAM_KEYS.decisions, '+', '-', 'COUNT', 1))[0]![0]);
  }
  await admin.xdel(STREAM_KEYS.decisions, ids[1]!, ids[2]!);
  const all = await take(world.source().tail({ after: '0-0-0' }, soon()), 2);
  expect(uidsOf(all)).toEqual(['uid-1', 'uid-4']);
  expect(world.told('gap')).toMatchObject([{ from: 1, to: 3, stream: 'decisions' }]);
});

test.for([
  { name: 'two readers that share a stream report no gap', remove: false, gaps: 0 },
  { name: 'two readers that share a stream report what neither got', remove: true, gaps: 1 },
])('$name', async ({ remove, gaps }) => {
  const log = await world.log();
  for (const number of uids(30).keys()) await log.append(numbered(number));
  if (remove) {
    const [, entry] = await admin.xrevrange(STREAM_KEYS.decisions, '+', '-', 'COUNT', 2);
    await admin.xdel(STREAM_KEYS.decisions, entry![0]);
  }
  const source = world.source();
  const stop = new AbortController();
  const got: string[] = [];
  const read = (consumer: string): Promise<void> =>
    source.consume(
      { ...ALERTING, consumer },
      async (batch) => {
        got.push(...uidsOf(batch));
        await new Promise((resolve) => setTimeout(resolve, 3));
        if (got.length === (remove ? 29 : 30)) setTimeout(() => stop.abort(), 30);
      },
      AbortSignal.any([stop.signal, soon()]),
    );
  await Promise.all([read('a'), read('b')]);
  expect(world.told('gap')).toHaveLength(gaps);
});

test('F04 a reader that was killed between delivery and acknowledgement reads it again when it is back', async () => {
  await appendBatch([1, 2]);
  await deliverToSomebodyWhoDies('a');
  const got = await consumeUntil(world.source({ claimIdleMs: 60_000 }), ALERTING, (all) => all.length >= 2);
  expect(uidsOf(got)).toEqual(['uid-1', 'uid-2']);
  expect((await admin.xpending(STREAM_KEYS.decisions, 'alerting'))[0]).toBe(0);
});

test('a reader that is told to stop finishes and acknowledges what it has in hand', async () => {
  await appendBatch([1]);
  await appendBatch([2]);
  const stop = new AbortController();
  const got: string[] = [];
  await world.source().consume(
    ALERTING,
    async (batch) => {
      stop.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
      got.push(...uidsOf(batch));
    },
    stop.signal,
  );
  expect(got).toEqual(['uid-1']);
  const rest = await consumeUntil(world.source(), ALERTING, (all) => all.length >= 1);
  expect(uidsOf(rest)).toEqual(['uid-2']);
});

test('F04 another reader takes over from one that does not come back', async () => {
  await appendBatch([1, 2]);
  await deliverToSomebodyWhoDies('gone');
  const got = await consumeUntil(world.source({ claimIdleMs: 200 }), ALERTING, (all) => all.length >= 2);
  expect(uidsOf(got)).toEqual(['uid-1', 'uid-2']);
});

test('F21 a batch that its handler never takes does not hold up the others, and comes again', async () => {
  await appendBatch([1]);
  await appendBatch([2]);
  let poisoned = true;
  const got: string[] = [];
  const stop = new AbortController();
  await world.source({ claimIdleMs: 100, claimEveryMs: 50 }).consume(
    ALERTING,
    (batch) => {
      const [uid = ''] = uidsOf(batch);
      if (uid === 'uid-1' && poisoned) return Promise.reject(new Error('poison'));
      got.push(uid);
      if (uid === 'uid-2') poisoned = false;
      if (got.length === 2) setTimeout(() => stop.abort(), 20);
      return Promise.resolve();
    },
    AbortSignal.any([stop.signal, soon()]),
  );
  expect(got).toEqual(['uid-2', 'uid-1']);
  expect(world.told('handler-failed')).toHaveLength(1);
});

test('F12 a group that somebody deleted, and a Redis that somebody emptied, are set up again', async () => {
  await appendBatch([1]);
  const got: string[] = [];
  const stop = new AbortController();
  const reading = world.source().consume(
    ALERTING,
    (batch) => {
      got.push(...uidsOf(batch));
      return Promise.resolve();
    },
    AbortSignal.any([stop.signal, soon()]),
  );
  await expect.poll(() => got.length).toBe(1);
  await admin.call('XGROUP', 'DESTROY', STREAM_KEYS.decisions, 'alerting');
  await expect.poll(() => got.length, { timeout: 5_000 }).toBe(2);
  await admin.flushall();
  await appendBatch([2]);
  await expect.poll(() => got.includes('uid-2'), { timeout: 5_000 }).toBe(true);
  stop.abort();
  await reading;
});

test('entries that were trimmed before their acknowledgement are told', async () => {
  await appendBatch([1]);
  await deliverToSomebodyWhoDies('a');
  await admin.xtrim(STREAM_KEYS.decisions, 'MAXLEN', 0);
  await appendBatch([2]);
  const got = await consumeUntil(world.source(), ALERTING, (all) => all.length >= 1);
  expect(uidsOf(got)).toEqual(['uid-2']);
  expect(world.told('vanished')).toMatchObject([{ entries: 1 }]);
});

test('H24 keys overlap by id, and taking one away voids what it signed', async () => {
  const [old, current] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  for (const [index, { privateKey }] of [old, current].entries()) {
    const log = await world.log({ signer: new Ed25519Signer(`key-${index}`, privateKey) });
    await log.append(numbered(index));
  }
  const read = async (keys: [string, KeyObject][]): Promise<string[]> =>
    uidsOf(
      (await world.source({ verifier: new Ed25519Verifier(new Map(keys)) }).history({ limit: 9 }, forever))
        .decisions,
    );
  expect(
    await read([
      ['key-0', old.publicKey],
      ['key-1', current.publicKey],
    ]),
  ).toEqual(['uid-1', 'uid-0']);
  expect(await read([['key-1', current.publicKey]])).toEqual(['uid-1']);
  // The id is signed: a key that comes back under another id does not bring its records back.
  expect(
    await read([
      ['key-2', old.publicKey],
      ['key-1', current.publicKey],
    ]),
  ).toEqual(['uid-1']);
});

/** Another process takes what is there under this name, and is killed before it acknowledges anything. */
async function deliverToSomebodyWhoDies(consumer: string): Promise<void> {
  await admin.call('XGROUP', 'CREATE', STREAM_KEYS.decisions, 'alerting', '0', 'MKSTREAM');
  const command = [
    'XREADGROUP',
    'GROUP',
    'alerting',
    consumer,
    'COUNT',
    '10',
    'STREAMS',
    STREAM_KEYS.decisions,
    '>',
  ];
  const reader = spawn('redis-cli', ['-s', redis.server.socket, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(reader.stdout, 'data');
  reader.kill('SIGKILL');
}

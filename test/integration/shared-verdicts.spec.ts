// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { generateKeyPairSync } from 'node:crypto';

import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Verdict } from '#contracts';
import {
  Ed25519Signer,
  Ed25519Verifier,
  InMemorySharedVerdicts,
  RedisSharedVerdicts,
  type RedisSharedVerdictsOptions,
  type SharedVerdictEvent,
  type SharedVerdicts,
  VerdictKeys,
  verdictSigner,
  verdictVerifier,
} from '#bus';

import { TestRedis } from './decisions-redis.js';

const START = 1_700_000_000_000;
/** The last date of JavaScript: a proof that ends with nothing. */
const FOREVER = 8_640_000_000_000_000;
const forever = new AbortController().signal;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const SIGNER = new Ed25519Signer('2026-11', privateKey);
const VERIFIER = new Ed25519Verifier(new Map([['2026-11', publicKey]]));

const PROOF = {
  outcome: 'admitted',
  ground: 'verified',
  digest: `sha256:${'1f'.repeat(32)}`,
  evidence: [{ step: 'threshold', ok: true, text: 'one of one signer' }],
  tookMs: 12.5,
} satisfies Verdict;
const REFUSAL = {
  outcome: 'refused',
  code: 'CNS-1003',
  message: 'has no signature',
  evidence: [],
  tookMs: 3,
} satisfies Verdict;
const UNDECIDED = {
  outcome: 'undecided',
  code: 'CNS-2004',
  message: 'the registry cannot be reached',
  evidence: [],
  tookMs: 3,
} satisfies Verdict;

let redis: TestRedis;
let admin: Redis;
let now: number;
let events: SharedVerdictEvent[];
beforeAll(async () => {
  redis = await TestRedis.start();
  admin = redis.patient();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await admin.flushall();
  now = START;
  events = [];
});

async function store(options: Partial<RedisSharedVerdictsOptions> = {}): Promise<RedisSharedVerdicts> {
  return new RedisSharedVerdicts({
    redis: await redis.ready(redis.prompt()),
    cluster: 'here',
    verifier: VERIFIER,
    signer: SIGNER,
    now: () => now,
    observe: (event) => void events.push(event),
    ...options,
  });
}

/** What a gateway has: no key that signs. */
async function reader(options: Partial<RedisSharedVerdictsOptions> = {}): Promise<RedisSharedVerdicts> {
  const { signer: _, ...rest } = { signer: SIGNER, ...options };
  return new RedisSharedVerdicts({
    redis: await redis.ready(redis.prompt()),
    cluster: 'here',
    verifier: VERIFIER,
    now: () => now,
    observe: (event) => void events.push(event),
    ...rest,
  });
}

async function onlyValue(): Promise<{ key: string; value: string }> {
  const [key = ''] = await admin.keys('connaisseur:cache:*');
  return { key, value: (await admin.get(key)) ?? '' };
}

describe.for([
  { name: 'Redis', open: (): Promise<SharedVerdicts> => store() },
  {
    name: 'memory',
    open: (): Promise<SharedVerdicts> => Promise.resolve(new InMemorySharedVerdicts({ now: () => now })),
  },
])('shared verdicts in $name', ({ open }) => {
  let verdicts: SharedVerdicts;
  beforeEach(async () => {
    verdicts = await open();
  });

  test.for([
    {
      name: 'a proof',
      verdict: PROOF,
      expected: { ...PROOF, notAfter: START + 60_000, provenUntil: FOREVER },
    },
    {
      name: 'H10 a proof that ends sooner',
      verdict: { ...PROOF, notAfter: START + 10 },
      expected: { ...PROOF, notAfter: START + 10, provenUntil: START + 10 },
    },
    {
      name: 'a proof that ends later',
      verdict: { ...PROOF, notAfter: START + 90_000 },
      expected: { ...PROOF, notAfter: START + 60_000, provenUntil: START + 90_000 },
    },
    { name: 'a refusal', verdict: REFUSAL, expected: REFUSAL },
    { name: 'H08 never what was not decided', verdict: UNDECIDED, expected: undefined },
    {
      name: 'never what a static rule said',
      verdict: { ...PROOF, ground: 'static' as const },
      expected: undefined,
    },
    { name: 'H10 never a proof that is over', verdict: { ...PROOF, notAfter: START }, expected: undefined },
  ])('keeps $name', async ({ verdict, expected }) => {
    await verdicts.put('key', verdict, 60_000);
    expect(await verdicts.get('key', forever)).toEqual(expected);
    expect(verdicts.stats()).toMatchObject({
      stored: expected === undefined ? 0 : 1,
      hits: expected === undefined ? 0 : 1,
      misses: expected === undefined ? 1 : 0,
    });
  });

  test.for([
    { name: 'a proof as long as it was asked', verdict: PROOF, ttlMs: 60_000, until: 60_000 },
    { name: 'a proof no longer than the limit', verdict: PROOF, ttlMs: 900_000_000, until: 300_000 },
    { name: 'H08 a refusal no longer than five seconds', verdict: REFUSAL, ttlMs: 60_000, until: 5_000 },
    { name: 'a refusal as long as it was asked', verdict: REFUSAL, ttlMs: 1_000, until: 1_000 },
    { name: 'nothing for no time', verdict: PROOF, ttlMs: 0, until: 0 },
    { name: 'nothing for less than no time', verdict: PROOF, ttlMs: -1, until: 0 },
    { name: 'nothing for no number', verdict: PROOF, ttlMs: Number.NaN, until: 0 },
  ])('keeps $name', async ({ verdict, ttlMs, until }) => {
    await verdicts.put('key', verdict, ttlMs);
    now = START + until - 1;
    expect((await verdicts.get('key', forever)) !== undefined).toBe(until > 0);
    now = START + until;
    expect(await verdicts.get('key', forever)).toBeUndefined();
  });

  test.for([
    { name: 'H03 another rule', key: 'rule2\ntrust1\nrepository\n\nsha256:1' },
    { name: 'H11 another trust revision', key: 'rule1\ntrust2\nrepository\n\nsha256:1' },
    { name: 'H06 the same parts with other borders', key: 'rule1\ntrust1\nrepository\nsha256:1\n' },
    { name: 'H05 another scope', key: 'rule1\ntrust1\nrepository\n\nsha256:1\nscope' },
  ])('$name is another question', async ({ key }) => {
    await verdicts.put('rule1\ntrust1\nrepository\n\nsha256:1', PROOF, 60_000);
    expect(await verdicts.get(key, forever)).toBeUndefined();
  });

  test('the newest verdict for a question counts', async () => {
    await verdicts.put('key', REFUSAL, 5_000);
    await verdicts.put('key', PROOF, 5_000);
    expect(await verdicts.get('key', forever)).toMatchObject({ outcome: 'admitted' });
  });

  test('whoever does not wait any more gets nothing', async () => {
    await verdicts.put('key', PROOF, 5_000);
    expect(await verdicts.get('key', AbortSignal.abort())).toBeUndefined();
  });
});

describe('H02 what others write into Redis', () => {
  const lines = (value: string): string[] => value.split('\n');

  test.for([
    { name: 'plain JSON', forge: () => JSON.stringify(PROOF), fault: 'malformed' },
    { name: 'nothing that has lines', forge: () => 'x', fault: 'malformed' },
    { name: 'more than a record can have', forge: () => 'x'.repeat(1_000_000), fault: 'malformed' },
    {
      name: 'another digest',
      forge: (value: string) => value.replace('1f1f', '2e2e'),
      fault: 'signature',
    },
    {
      name: 'H07 a later end',
      forge: (value: string) => value.replace(`${START + 60_000}`, `${START + 90_000}`),
      fault: 'signature',
    },
    {
      name: 'a later beginning',
      forge: (value: string) => value.replace(`${START}\n`, `${START + 9}\n`),
      fault: 'signature',
    },
    {
      name: 'another key id',
      forge: (value: string) => value.replace('2026-11', '2026-12'),
      fault: 'signature',
    },
    {
      name: 'no signature',
      forge: (value: string) => lines(value).with(3, '').join('\n'),
      fault: 'malformed',
    },
    {
      name: 'a signature of zeros',
      forge: (value: string) => lines(value).with(3, 'A'.repeat(86)).join('\n'),
      fault: 'signature',
    },
  ])('$name is a miss, counted and told', async ({ forge, fault }) => {
    const verdicts = await store();
    await verdicts.put('key', PROOF, 60_000);
    const { key, value } = await onlyValue();
    await admin.set(key, forge(value));
    expect(await verdicts.get('key', forever)).toBeUndefined();
    expect(verdicts.stats()).toMatchObject({ hits: 0, misses: 1, forged: 1 });
    expect(events).toEqual([{ kind: 'forged', fault }]);
    // Its positive twin: the same bytes as they were.
    await admin.set(key, value);
    expect(await verdicts.get('key', forever)).toMatchObject({ outcome: 'admitted' });
  });

  test('a record of another question, put in its place', async () => {
    const verdicts = await store();
    await verdicts.put('good image', PROOF, 60_000);
    const good = await onlyValue();
    await admin.flushall();
    await verdicts.put('bad image', REFUSAL, 5_000);
    const bad = await onlyValue();
    await admin.set(bad.key, good.value);
    expect(await verdicts.get('bad image', forever)).toBeUndefined();
    expect(events).toEqual([{ kind: 'forged', fault: 'signature' }]);
  });

  test('H25 a record of another cluster', async () => {
    await (await store({ cluster: 'there' })).put('key', PROOF, 60_000);
    const there = await onlyValue();
    const here = await store();
    expect(await here.get('key', forever)).toBeUndefined();
    await admin.flushall();
    await here.put('key', PROOF, 60_000);
    await admin.set((await onlyValue()).key, there.value);
    expect(await here.get('key', forever)).toBeUndefined();
    expect(events).toEqual([{ kind: 'forged', fault: 'signature' }]);
  });

  test('H07 a record that Redis was told to keep for ever', async () => {
    const verdicts = await store();
    await verdicts.put('key', PROOF, 60_000);
    const { key } = await onlyValue();
    await admin.persist(key);
    now = START + 60_000;
    expect(await verdicts.get('key', forever)).toBeUndefined();
    expect(verdicts.stats().forged).toBe(0);
  });

  test('Redis forgets a record by itself', async () => {
    await (await store()).put('key', PROOF, 60_000);
    const { key } = await onlyValue();
    expect(await admin.pttl(key)).toBeLessThanOrEqual(60_000);
    expect(await admin.pttl(key)).toBeGreaterThan(50_000);
  });

  test('a value of another type is a miss', async () => {
    const verdicts = await store();
    await verdicts.put('key', PROOF, 60_000);
    const { key } = await onlyValue();
    await admin.del(key);
    await admin.lpush(key, 'x');
    expect(await verdicts.get('key', forever)).toBeUndefined();
    expect(verdicts.stats()).toMatchObject({ misses: 1, failures: 1 });
  });
});

test.for([
  { name: 'a shorter limit', limits: { provenMs: 10_000 }, verdict: PROOF, alive: 9_999 },
  { name: 'a shorter limit for refusals', limits: { refusedMs: 1_000 }, verdict: REFUSAL, alive: 999 },
  { name: 'no limit of its own', limits: {}, verdict: PROOF, alive: 59_999 },
])('a reader with $name cuts the life that the writer gave', async ({ limits, verdict, alive }) => {
  await (await store()).put('key', verdict, 60_000);
  const verdicts = await reader({ limits });
  now = START + alive;
  expect(await verdicts.get('key', forever)).toMatchObject({ outcome: verdict.outcome });
  now = START + alive + 1;
  expect(await verdicts.get('key', forever)).toBeUndefined();
});

test('nobody can ask for refusals that last', async () => {
  const verdicts = await store({ limits: { refusedMs: 3_600_000 } });
  await verdicts.put('key', REFUSAL, 3_600_000);
  now = START + 5_000;
  expect(await verdicts.get('key', forever)).toBeUndefined();
});

test.for([
  { name: 'a little ahead', ahead: 30_000, hit: true },
  { name: 'F41 hours ahead', ahead: 7_200_000, hit: false },
])('a verifier whose clock is $name: hit is $hit', async ({ ahead, hit }) => {
  const writer = await store({ now: () => START + ahead });
  await writer.put('key', PROOF, 60_000);
  const found = await (await reader()).get('key', forever);
  expect(found !== undefined).toBe(hit);
  expect(events).toEqual(hit ? [] : [{ kind: 'forged', fault: 'time' }]);
});

test.for([
  { name: 'undecided', verdict: UNDECIDED },
  { name: 'static', verdict: { ...PROOF, ground: 'static' as const } },
])('a verifier that shares a verdict that is $name is not believed', async ({ verdict }) => {
  const verdicts = await store();
  // What our own code never writes: the text is made from a good one, and signed again.
  await verdicts.put('key', PROOF, 60_000);
  const { key } = await onlyValue();
  const header = JSON.stringify(['here', 'key', '2026-11', `${START}`, `${START + 1_000}`]);
  const json = JSON.stringify(verdict);
  const signature = SIGNER.sign(Buffer.from(`connaisseur shared verdict 1\n${header}\n${json}`));
  const text = Buffer.from(signature).toString('base64url');
  await admin.set(key, ['2026-11', START, START + 1_000, text, json].join('\n'));
  expect(await verdicts.get('key', forever)).toBeUndefined();
  expect(events).toEqual([{ kind: 'forged', fault: 'verdict' }]);
});

test('a gateway reads, and writes nothing', async () => {
  const gateway = await reader();
  await gateway.put('key', PROOF, 60_000);
  expect(await admin.dbsize()).toBe(0);
  await (await store()).put('key', PROOF, 60_000);
  expect(await gateway.get('key', forever)).toMatchObject({ outcome: 'admitted' });
});

test('H24 a key that was taken away voids what it signed', async () => {
  const keysOf = (id: string, pair: typeof stranger): VerdictKeys =>
    new VerdictKeys({ privateKeys: new Map([[id, pair.privateKey]]) as never, publicKeys: new Map() });
  let keys = keysOf('2026-01', stranger);
  const verdicts = await store({ signer: verdictSigner(() => keys), verifier: verdictVerifier(() => keys) });
  await verdicts.put('key', PROOF, 60_000);
  expect(await verdicts.get('key', forever)).toMatchObject({ outcome: 'admitted' });
  keys = keysOf('2026-11', { privateKey, publicKey });
  expect(await verdicts.get('key', forever)).toBeUndefined();
  await verdicts.put('key', PROOF, 60_000);
  expect(await verdicts.get('key', forever)).toMatchObject({ outcome: 'admitted' });
});

test('F11 a Redis that does not answer costs one short wait, and then none for a while', async () => {
  const verdicts = await store({ timeoutMs: 30 });
  await verdicts.put('key', PROOF, 60_000);
  redis.server.pause();
  const begun = performance.now();
  expect(await verdicts.get('key', forever)).toBeUndefined();
  const first = performance.now() - begun;
  for (let count = 0; count < 100; count += 1) expect(await verdicts.get('key', forever)).toBeUndefined();
  const rest = performance.now() - begun - first;
  redis.server.resume();
  expect(first).toBeLessThan(300);
  expect(rest).toBeLessThan(50);
  expect(verdicts.stats()).toMatchObject({ failures: 1, misses: 101 });
  expect(events).toMatchObject([{ kind: 'failed' }]);
  now = START + 600;
  expect(await verdicts.get('key', forever)).toMatchObject({ outcome: 'admitted' });
});

test('a pause does not grow when the clock is set back', async () => {
  const verdicts = await store();
  await admin.call('ACL', 'SETUSER', 'default', '-set');
  await verdicts.put('key', PROOF, 60_000);
  await admin.call('ACL', 'SETUSER', 'default', '+set');
  expect(verdicts.stats()).toMatchObject({ failures: 1, stored: 0 });
  now = START - 3_600_000;
  await verdicts.put('key', PROOF, 60_000);
  expect(verdicts.stats()).toMatchObject({ failures: 1, stored: 1 });
});

test('F09 a Redis that is full takes nothing, and nobody notices but the counter', async () => {
  const verdicts = await store();
  await admin.call('CONFIG', 'SET', 'maxmemory', '1');
  await verdicts.put('key', PROOF, 60_000);
  await admin.call('CONFIG', 'SET', 'maxmemory', '0');
  expect(verdicts.stats()).toMatchObject({ failures: 1, stored: 0 });
});

test('F05 a Redis that is away costs nothing at all', async () => {
  const client = await redis.ready(redis.prompt());
  const verdicts = await store({ redis: client });
  await verdicts.put('key', PROOF, 60_000);
  client.disconnect();
  await expect.poll(() => client.status).toBe('end');
  expect(await verdicts.get('key', forever)).toBeUndefined();
  await verdicts.put('key', PROOF, 60_000);
  expect(verdicts.stats()).toMatchObject({ failures: 0, misses: 1, stored: 1 });
});

import { generateKeyPairSync } from 'node:crypto';

import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  ADMITTED_KEYS,
  type AdmittedWorkloads,
  type AdmittedWorkloadsEvent,
  Ed25519Signer,
  Ed25519Verifier,
  InMemoryAdmittedWorkloads,
  RedisAdmittedWorkloads,
  type RedisAdmittedWorkloadsOptions,
} from '#bus';
import type { AdmittedWorkload } from '#contracts';

import { TestRedis } from './decisions-redis.js';

const START = 1_700_000_000_000;
const DAY = 24 * 3_600_000;
const { signal } = new AbortController();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const SIGNER = new Ed25519Signer('g1', privateKey);
const VERIFIER = new Ed25519Verifier(new Map([['g1', publicKey]]));
const OWNER = { namespace: 'shop', uid: 'c1d404cd' };

const workload = (over: Partial<AdmittedWorkload> = {}): AdmittedWorkload => ({
  ...OWNER,
  trustRevision: 'b'.repeat(64),
  until: START + 7 * DAY,
  images: [{ path: 'containers/a', image: `r.example/a@sha256:${'1'.repeat(64)}`, rule: 'a'.repeat(64) }],
  ...over,
});

let redis: TestRedis;
let admin: Redis;
let now: number;
let events: AdmittedWorkloadsEvent[];
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

async function store(options: Partial<RedisAdmittedWorkloadsOptions> = {}): Promise<AdmittedWorkloads> {
  return new RedisAdmittedWorkloads({
    redis: await redis.ready(redis.prompt()),
    cluster: 'here',
    signer: SIGNER,
    verifier: VERIFIER,
    now: () => now,
    observe: (event) => void events.push(event),
    ...options,
  });
}

describe.for([
  { name: 'Redis', open: (): Promise<AdmittedWorkloads> => store() },
  {
    name: 'memory',
    open: (): Promise<AdmittedWorkloads> =>
      Promise.resolve(new InMemoryAdmittedWorkloads({ now: () => now })),
  },
])('admitted workloads in $name', ({ open }) => {
  test.for([
    { name: 'its owner gets it', owner: OWNER, found: true },
    { name: 'K26 no owner of another namespace', owner: { ...OWNER, namespace: 'web' }, found: false },
    { name: 'K26 no owner of another UID', owner: { ...OWNER, uid: 'x' }, found: false },
    {
      name: 'no owner whose names join to the same text',
      owner: { namespace: 'shopc1', uid: 'd404cd' },
      found: false,
    },
  ])('$name', async ({ owner, found }) => {
    const records = await open();
    await records.put(workload());
    expect(await records.get(owner, signal)).toEqual(found ? workload() : undefined);
  });

  test.for([
    { name: 'while it lives', written: {}, later: 7 * DAY - 1, found: true },
    { name: 'not at its end', written: {}, later: 7 * DAY, found: false },
    { name: 'not when it was over when it was written', written: { until: START }, later: 0, found: false },
    { name: 'never longer than seven days', written: { until: START + 30 * DAY }, later: 0, found: false },
  ])('$name', async ({ written, later, found }) => {
    const records = await open();
    await records.put(workload(written));
    now = START + later;
    expect((await records.get(OWNER, signal)) !== undefined).toBe(found);
  });

  test('a new record takes the place of the old one', async () => {
    const records = await open();
    await records.put(workload());
    const newer = workload({ until: START + DAY });
    await records.put(newer);
    expect(await records.get(OWNER, signal)).toEqual(newer);
  });

  test('nothing for a caller who has gone', async () => {
    const records = await open();
    await records.put(workload());
    expect(await records.get(OWNER, AbortSignal.abort())).toBeUndefined();
  });
});

describe('somebody who writes to Redis', () => {
  const stranger = new Ed25519Signer('g1', generateKeyPairSync('ed25519').privateKey);
  const key = async (): Promise<string> => (await admin.keys(`${ADMITTED_KEYS}*`))[0] ?? '';
  test.for([
    { name: 'signs with a key of his own', options: { signer: stranger }, fault: 'signature' },
    { name: 'copies from another cluster', options: { cluster: 'there' }, fault: 'signature' },
  ])('$name', async ({ options, fault }) => {
    await (await store()).put(workload());
    const place = await key();
    await admin.del(place);
    await (await store(options)).put(workload());
    const forged = await admin.get(await key());
    await admin.set(place, forged ?? '');
    events = [];
    expect(await (await store()).get(OWNER, signal)).toBeUndefined();
    expect(events).toEqual([{ kind: 'forged', fault }]);
  });

  test('puts the record of one owner in the place of another', async () => {
    const records = await store();
    await records.put(workload({ uid: 'other' }));
    const other = await admin.get(await key());
    await admin.flushall();
    await records.put(workload());
    await admin.set(await key(), other ?? '');
    events = [];
    expect(await records.get(OWNER, signal)).toBeUndefined();
    expect(events).toEqual([{ kind: 'forged', fault: 'misplaced' }]);
  });

  test.for([
    {
      name: 'a huge value',
      write: async (place: string) => void (await admin.set(place, 'x'.repeat(1_000_000))),
    },
    {
      name: 'a list',
      write: async (place: string) => {
        await admin.del(place);
        await admin.rpush(place, 'x');
      },
    },
  ])('writes $name', async ({ write }) => {
    const records = await store();
    await records.put(workload());
    await write(await key());
    expect(await records.get(OWNER, signal)).toBeUndefined();
  });
});

test('Redis ends the record by itself', async () => {
  await (await store()).put(workload({ until: START + 60_000 }));
  const [key = ''] = await admin.keys(`${ADMITTED_KEYS}*`);
  expect(await admin.pttl(key)).toBeGreaterThan(50_000);
  expect(await admin.pttl(key)).toBeLessThanOrEqual(60_000);
});

test('Redis that does not answer costs a moment, once', async () => {
  const records = await store({ timeoutMs: 20 });
  await records.put(workload());
  redis.server.pause();
  try {
    const started = performance.now();
    expect(await records.get(OWNER, signal)).toBeUndefined();
    expect(await records.get(OWNER, signal)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(500);
    expect(events.filter(({ kind }) => kind === 'failed')).toHaveLength(1);
  } finally {
    redis.server.resume();
  }
});

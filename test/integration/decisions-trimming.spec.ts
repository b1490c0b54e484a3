import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type DecisionLogLimits, type DecisionStream, type RedisDecisionLog, STREAM_KEYS } from '#bus';
import { aDenial } from '#testing';
import type { Redis } from 'ioredis';

import { TestRedis } from './decisions-redis.js';
import { consumeUntil, DecisionWorld, uidsOf } from './decisions-world.js';

/** Small numbers of everything; nodes of one entry, so that trimming by whole nodes is trimming by entries. */
const LIMITS: Partial<DecisionLogLimits> = { keepDecisions: 200, keepDenials: 100, hardFactor: 5 };
const forever = new AbortController().signal;

let redis: TestRedis;
let admin: Redis;
let world: DecisionWorld;
beforeAll(async () => {
  redis = await TestRedis.start('--stream-node-max-entries', '1');
  admin = redis.patient();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await admin.flushall();
  world = new DecisionWorld(redis);
});

/** Writes denials one batch each, so that 64 of them make the log look at the streams once. */
async function write(log: RedisDecisionLog, from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number += 1) {
    await log.append(aDenial({ uid: `uid-${number}` }), { urgent: true });
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
}

async function acknowledge(stream: DecisionStream, until: string): Promise<void> {
  const reader = { group: 'alerting', consumer: 'a', stream } as const;
  await consumeUntil(world.source(), reader, (all) => uidsOf(all).includes(until));
}

async function lengths(): Promise<{ decisions: number; denials: number }> {
  return {
    decisions: await admin.xlen(STREAM_KEYS.decisions),
    denials: await admin.xlen(STREAM_KEYS.denials),
  };
}

test('streams that no group reads are trimmed to about their length, and that is no loss', async () => {
  const log = await world.log({ limits: LIMITS });
  await write(log, 0, 640);
  const { decisions, denials } = await lengths();
  expect(decisions).toBeGreaterThanOrEqual(200);
  expect(decisions).toBeLessThan(200 + 64 + 1);
  expect(denials).toBeGreaterThanOrEqual(100);
  expect(denials).toBeLessThan(100 + 64 + 1);
  expect(log.stats().trimmedUnread).toBe(0);
});

test('what the group has not acknowledged stays, and the other stream is trimmed all the same', async () => {
  const log = await world.log({ limits: LIMITS });
  await write(log, 0, 10);
  await acknowledge('denials', 'uid-9');
  await write(log, 10, 400);
  const { decisions, denials } = await lengths();
  expect(decisions).toBeLessThan(265);
  expect(denials).toBeGreaterThanOrEqual(400);
  expect(log.stats().trimmedUnread).toBe(0);
  // The group goes on, and finds everything that it had not read.
  const reader = { group: 'alerting', consumer: 'a', stream: 'denials' } as const;
  const rest = await consumeUntil(world.source(), reader, (all) => all.length >= 400);
  expect(uidsOf(rest).at(0)).toBe('uid-10');
  expect(uidsOf(rest)).toHaveLength(400);
  await write(log, 410, 130);
  expect((await lengths()).denials).toBeLessThan(100 + 130 + 65);
});

test('what was delivered and not acknowledged stays too', async () => {
  const log = await world.log({ limits: LIMITS });
  await write(log, 0, 10);
  await admin.call('XGROUP', 'CREATE', STREAM_KEYS.denials, 'alerting', '0');
  await admin.call(
    'XREADGROUP',
    'GROUP',
    'alerting',
    'slow',
    'COUNT',
    5,
    'STREAMS',
    STREAM_KEYS.denials,
    '>',
  );
  const [oldest] = await admin.xrange(STREAM_KEYS.denials, '-', '+', 'COUNT', 1);
  await write(log, 10, 300);
  expect((await admin.xrange(STREAM_KEYS.denials, '-', '+', 'COUNT', 1))[0]![0]).toBe(oldest![0]);
});

test('at the hard cap the oldest unread records go, counted and told', async () => {
  const log = await world.log({ limits: { ...LIMITS, keepDenials: 50, hardFactor: 2 } });
  await admin.call('XGROUP', 'CREATE', STREAM_KEYS.denials, 'alerting', '0', 'MKSTREAM');
  await write(log, 0, 320);
  const { denials } = await lengths();
  expect(denials).toBeGreaterThanOrEqual(100);
  expect(denials).toBeLessThan(165);
  const trimmed = world.events.flatMap((event) => (event.kind === 'trimmed-unread' ? [event] : []));
  expect(trimmed.every(({ stream }) => stream === 'denials')).toBe(true);
  expect(trimmed.reduce((sum, { records }) => sum + records, 0)).toBe(320 - denials);
  expect(log.stats().trimmedUnread).toBe(320 - denials);
});

test('a group that was released holds nothing back', async () => {
  const log = await world.log({ limits: LIMITS });
  await write(log, 0, 10);
  await acknowledge('denials', 'uid-9');
  await write(log, 10, 300);
  await world.source().release('denials', 'alerting', forever);
  await write(log, 310, 70);
  expect((await lengths()).denials).toBeLessThan(165);
});

test('full batches count by their records', async () => {
  const log = await world.log({ limits: { ...LIMITS, maxWaiting: 20_000 } });
  await Promise.all(
    Array.from({ length: 16_000 }, (_, index) => log.append(aDenial({ uid: `uid-${index}` }))),
  );
  await log.append(aDenial());
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { decisions } = await lengths();
  const { written, batches } = log.stats();
  // 200 records are a few batches; 64 batches may have come since the last look.
  expect(decisions).toBeLessThanOrEqual(Math.ceil(200 / (written / batches)) + 65);
});

test('a trim that Redis does not allow is told, and costs no record', async () => {
  const log = await world.log({ limits: LIMITS });
  await admin.call('ACL', 'SETUSER', 'default', '-xlen');
  await write(log, 0, 3);
  await admin.call('ACL', 'SETUSER', 'default', '+xlen');
  expect(world.told('trim-failed').length).toBeGreaterThan(0);
  expect(log.stats()).toMatchObject({ written: 3, lost: 0 });
});

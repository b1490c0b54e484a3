import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import {
  createRedis,
  FLOOR_RESETS,
  floorSigner,
  floorVerifier,
  generateBusKeys,
  readBusKeys,
  type RedisConnection,
  RedisVersionFloors,
  type VersionFloorEvent,
} from '#bus';
import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_NOW as NOW,
  notaryDigest,
  NotaryWorld,
  type PrivateRedis,
  startPrivateRedis,
} from '#testing';
import { floorName, FloorStore } from '#validator-notaryv1';

import { notaryReset, notaryResets } from '../../apps/cli/src/commands/notary.js';

const A = notaryDigest('a');
const B = notaryDigest('b');
const OTHER = 'registry.example/acme/other';
const SERVER = 'https://notary.test';
const FILES = generateBusKeys('1');
const KEYS = readBusKeys(FILES);

let server: PrivateRedis;
let redis: RedisConnection;
let folder: string;
beforeAll(async () => {
  server = await startPrivateRedis();
  redis = createRedis({ url: server.url }, 'patient', () => undefined);
  await redis.ping();
  folder = mkdtempSync(join(tmpdir(), 'notary-floors-'));
  for (const [name, text] of FILES) writeFileSync(join(folder, name), text);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

function floors(events: VersionFloorEvent[] = [], keys = KEYS): RedisVersionFloors {
  return new RedisVersionFloors({
    redis,
    cluster: 'default',
    verifier: floorVerifier(() => keys.verdicts),
    signer: floorSigner(() => keys.verdicts),
    now: Date.now,
    observe: (event) => events.push(event),
  });
}

/** A process of its own: nothing in its memory but what it is given. */
function process(
  files?: ReadonlyMap<string, Uint8Array>,
  events: VersionFloorEvent[] = [],
  maxTimestampAgeSeconds?: number,
): NotaryWorld {
  const limits = maxTimestampAgeSeconds === undefined ? {} : { maxTimestampAgeSeconds };
  const world = new NotaryWorld({ floors: new FloorStore(floors(events)), ...limits });
  for (const [name, bytes] of files ?? []) world.notary.files.set(name, bytes);
  return world;
}

test('versions outlive a process; a reset lets older ones in again and is noted', async () => {
  const first = process();
  const collection = await first.notary.collection(COLLECTION);
  collection.add('v1', A).publish();
  const old = new Map(first.notary.files);
  expect(await first.verdict()).toBe(A);
  collection.add('v1', B).publish();
  expect(await first.verdict()).toBe(B);

  expect(await process(old).verdict()).toBe('CNS-2007');
  await notaryReset(COLLECTION, {
    config: 'unused',
    keys: folder,
    server: SERVER,
    redisUrl: server.url,
    reason: 'restored from the backup of Friday',
  });
  expect(await process(old).verdict()).toBe(A);
  const [note = ''] = (await redis.call('LRANGE', FLOOR_RESETS, 0, -1)) as string[];
  expect(note).toContain('restored from the backup of Friday');
  expect(note).toContain(COLLECTION);
});

test('T03: a timestamp is as old for a new process as for the one that saw it first; old records say nothing', async () => {
  const DAY = 86_400_000;
  const image = `${OTHER}:v1`;
  const first = process();
  const collection = await first.notary.collection(OTHER);
  collection.add('v1', A).publish();
  expect(await first.verdict({ image })).toBe(A);

  const second = process(first.notary.files, [], 86_400);
  expect((await second.ask({ image, now: NOW + 60_000 })).notAfter).toBe(NOW + DAY);
  expect(await second.verdict({ image, now: NOW + DAY + 1 })).toBe('CNS-1007');

  const name = floorName(SERVER, OTHER);
  const text = (await floors().read(name, AbortSignal.timeout(1000))) ?? '';
  const { epoch, roles } = JSON.parse(text) as { epoch: number; roles: [string, number][] };
  await floors().write(name, JSON.stringify({ epoch, roles: roles.map(([role, at]) => [role, at]) }));
  const third = process(first.notary.files, [], 86_400);
  expect((await third.ask({ image, now: NOW + 60_000 })).notAfter).toBe(NOW + 60_000 + DAY);
});

test('notary resets shows who, what, when and why, and only what was signed', async () => {
  const lines: string[] = [];
  const stdout = vi.spyOn(globalThis.process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    await redis.call('RPUSH', FLOOR_RESETS, `1\n${'A'.repeat(86)}\n{"collection":"forged"}`);
    await notaryResets({ keys: folder, redisUrl: server.url, output: 'text' });
    await notaryResets({ keys: folder, redisUrl: server.url, output: 'json' });
  } finally {
    stdout.mockRestore();
  }
  const mine = lines.filter((line) => line.includes('restored from the backup of Friday'));
  expect(mine).toHaveLength(2);
  expect(mine[0]).toContain(`${COLLECTION} at ${SERVER}`);
  expect(JSON.parse(mine[1] ?? '')).toMatchObject({ collection: COLLECTION, server: SERVER });
  expect(lines.join('')).not.toContain('forged');
});

test('what nobody signed is no version: the record of another name, another key, another cluster, garbage', async () => {
  const events: VersionFloorEvent[] = [];
  const mine = floors(events);
  const name = floorName(SERVER, 'a/b');
  await mine.write(name, 'one');
  expect(await mine.read(name, AbortSignal.timeout(1000))).toBe('one');
  const keys = (await redis.call('KEYS', 'connaisseur:floor:*')) as string[];
  const others = keys.filter((key) => key !== FLOOR_RESETS);
  const records = await Promise.all(others.map((key) => redis.call('GET', key)));
  for (const key of others)
    await redis.call('SET', key, String(records[(others.indexOf(key) + 1) % records.length]));
  expect(await mine.read(name, AbortSignal.timeout(1000))).toBeUndefined();
  for (const key of others) await redis.call('SET', key, 'garbage');
  expect(await mine.read(name, AbortSignal.timeout(1000))).toBeUndefined();
  await floors([], readBusKeys(generateBusKeys('1'))).write(name, 'forged');
  expect(await mine.read(name, AbortSignal.timeout(1000))).toBeUndefined();
  expect(events.filter(({ kind }) => kind === 'forged')).toHaveLength(3);
});

test('without Redis each process remembers for itself', async () => {
  const gone = createRedis({ url: server.url }, 'prompt', () => undefined);
  gone.disconnect();
  const alone = new RedisVersionFloors({
    redis: gone,
    cluster: 'default',
    verifier: floorVerifier(() => KEYS.verdicts),
    now: Date.now,
    observe: () => undefined,
  });
  const world = new NotaryWorld({ floors: new FloorStore(alone) });
  const collection = await world.notary.collection(COLLECTION);
  collection.add('v1', A).publish();
  const old = new Map(world.notary.files);
  expect(await world.verdict()).toBe(A);
  collection.add('v1', B).publish();
  expect(await world.verdict()).toBe(B);
  for (const [name, bytes] of old) world.notary.files.set(name, bytes);
  expect(await world.verdict()).toBe(B);
});

test.for(['registry.example/acme/app:v1', `registry.example/acme/app@${A}`, '', 'A B'])(
  'notary reset %j is no collection',
  async (text) => {
    const asked = notaryReset(text, { config: 'unused', keys: folder, server: SERVER, redisUrl: server.url });
    await expect(asked).rejects.toMatchObject({ name: 'UsageError' });
  },
);

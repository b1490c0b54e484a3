// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  DecisionLogError,
  Ed25519Signer,
  Ed25519Verifier,
  type JournalFile,
  LocalJournal,
  openJournalFile,
  RedisDecisionSource,
  STREAM_KEYS,
  type StoredDecision,
} from '#bus';
import { anAdmission } from '#testing';

import { TestRedis } from './decisions-redis.js';
import {
  CLUSTER,
  DecisionWorld,
  GATEWAY,
  numbered,
  take,
  uids,
  uidsOf,
  VERIFIER,
} from './decisions-world.js';

const forever = new AbortController().signal;
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

let redis: TestRedis;
let world: DecisionWorld;
beforeEach(async () => {
  redis = await TestRedis.start();
  world = new DecisionWorld(redis);
});
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  await redis.stop();
});

const journals: LocalJournal[] = [];

async function openJournal(
  open = (): Promise<JournalFile> => openJournalFile(join(redis.folder, 'journal')),
  maxBytes = 1024 * 1024,
): Promise<LocalJournal> {
  const journal = await LocalJournal.open({ open, maxBytes });
  journals.push(journal);
  return journal;
}

/** Everything on the stream, oldest first. */
async function everything(count: number): Promise<StoredDecision[]> {
  return take(world.source().tail({ after: '0-0-0' }, soon()), count);
}

test('F05 Redis is killed and comes back: every record is on the stream, once and in order', async () => {
  const journal = await openJournal();
  const log = await world.log({ journal });
  const durable: Promise<void>[] = [];
  const append = async (from: number, count: number): Promise<void> => {
    for (let number = from; number < from + count; number += 1) {
      durable.push(log.append(numbered(number)));
      if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await append(0, 300);
  await Promise.all([append(300, 600), redis.server.kill()]);
  await Promise.all(durable);
  expect(log.stats()).toMatchObject({ state: 'journal', lost: 0 });
  expect(log.stats().journalBytes).toBeGreaterThan(0);

  await redis.server.start();
  await append(900, 300);
  await Promise.all(durable);
  const all = await everything(1200);
  expect(uidsOf(all)).toEqual(uids(1200));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1200);
  await log.close(soon());
  expect(log.stats()).toMatchObject({ state: 'redis', lost: 0, journalBytes: 0 });
  expect(world.told('redis-lost')).toHaveLength(1);
  expect(world.told('redis-back')).toHaveLength(1);
  expect([...world.told('gap'), ...world.told('chain-broken'), ...world.told('lost')]).toEqual([]);
});

test('F05 denials take the same way as everything else', async () => {
  const log = await world.log({ journal: await openJournal() });
  await redis.server.kill();
  await Promise.all([0, 1, 2, 3].map((number) => log.append(numbered(number))));
  await redis.server.start();
  const denials = await take(world.source().tail({ after: '0-0-0', denialsOnly: true }, soon()), 2);
  expect(uidsOf(denials)).toEqual(['uid-0', 'uid-3']);
});

test('F07 Redis stalls and goes on: what was written twice is read once', async () => {
  const log = await world.log({ journal: await openJournal(), limits: { redisTimeoutMs: 150 } });
  await log.append(numbered(0));
  redis.server.pause();
  await Promise.all(uids(40).map((_, index) => log.append(numbered(index + 1))));
  expect(log.stats()).toMatchObject({ state: 'journal', lost: 0 });
  redis.server.resume();
  await log.append(numbered(41));
  const all = await everything(42);
  expect(uidsOf(all)).toEqual(uids(42));
  expect(world.told('duplicate').length).toBeGreaterThan(0);
  const page = await world.source().history({ limit: 100 }, forever);
  expect(uidsOf(page.decisions)).toEqual(uids(42).toReversed());
});

test('F09 Redis is out of memory: records wait in the journal until there is room', async () => {
  const log = await world.log({ journal: await openJournal() });
  const admin = redis.patient();
  await admin.call('CONFIG', 'SET', 'maxmemory', '1');
  await Promise.all([0, 1, 2].map((number) => log.append(numbered(number))));
  expect(log.stats()).toMatchObject({ state: 'journal', written: 0, journalled: 3, lost: 0 });
  await admin.call('CONFIG', 'SET', 'maxmemory', '0');
  expect(uidsOf(await everything(3))).toEqual(uids(3));
});

test('F05 a log that starts without Redis takes records', async () => {
  const log = await world.log({ journal: await openJournal() });
  await redis.server.kill();
  await log.append(numbered(0));
  await log.close(soon());
  expect(log.stats()).toMatchObject({ state: 'journal', written: 0, journalled: 1 });
  // The next process finds the record before it has written anything itself.
  await redis.server.start();
  await world.log({ journal: await openJournal() });
  expect(uidsOf(await everything(1))).toEqual(uids(1));
});

test.for([
  {
    name: 'without a journal',
    journal: undefined,
    reason: 'no-journal',
  },
  {
    name: 'F36 and the disk is full',
    journal: () => openJournal(async () => fullDisk(await openJournalFile(join(redis.folder, 'journal')))),
    reason: 'journal-failed',
  },
  {
    name: 'F36 and the journal has no room',
    journal: () => openJournal(undefined, 100),
    reason: 'journal-full',
  },
])('Redis is down $name: append rejects and the loss is counted', async ({ journal, reason }) => {
  const opened = journal === undefined ? {} : { journal: await journal() };
  const log = await world.log(opened);
  await redis.server.kill();
  const append = log.append(anAdmission());
  await expect(append).rejects.toThrow(DecisionLogError);
  await expect(append).rejects.toMatchObject({ reason });
  expect(log.stats()).toMatchObject({ lost: 1, waiting: 0 });
  expect(world.told('lost')).toMatchObject([{ records: 1, reason }]);
  // And when Redis is back, the next record is written: nothing hangs on the one that was lost.
  await redis.server.start();
  await expect
    .poll(
      () =>
        log.append(anAdmission({ uid: 'next' })).then(
          () => true,
          () => false,
        ),
      { timeout: 5_000 },
    )
    .toBe(true);
});

test('what was lost shows as a gap to every reader', async () => {
  const log = await world.log();
  await log.append(numbered(0));
  const source = world.source();
  const reading = take(source.tail({ after: '0-0-0' }, soon()), 2);
  await redis.server.kill();
  await Promise.allSettled([log.append(numbered(1)), log.append(numbered(2))]);
  await redis.server.start();
  await expect
    .poll(
      () =>
        log.append(numbered(3)).then(
          () => true,
          () => false,
        ),
      { timeout: 5_000 },
    )
    .toBe(true);
  await reading;
  const [gap] = world.told('gap');
  expect(gap).toMatchObject({ gateway: GATEWAY, from: 1 });
});

test('too many records wait for a Redis that does not answer: the newest are refused', async () => {
  const log = await world.log({
    journal: await openJournal(),
    limits: { maxWaiting: 50, redisTimeoutMs: 300 },
  });
  redis.server.pause();
  const ends = await Promise.allSettled(uids(200).map((_, index) => log.append(numbered(index))));
  const refused = ends.filter((end) => end.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ reason: { reason: 'too-many-waiting' } });
  expect(log.stats().lost).toBe(refused.length);
  redis.server.resume();
  expect((await everything(200 - refused.length)).length).toBe(200 - refused.length);
});

test('20 000 records in one go: all there, in order, in batches that grow with the load', async () => {
  const log = await world.log({ journal: await openJournal(), limits: { maxWaiting: 30_000 } });
  await Promise.all(uids(20_000).map((_, index) => log.append(numbered(index))));
  const { written, batches, lost } = log.stats();
  expect({ written, lost }).toEqual({ written: 20_000, lost: 0 });
  expect(batches).toBeLessThan(20_000 / 16);
  expect(uidsOf(await everything(20_000))).toEqual(uids(20_000));
});

/** Resolves frames as written by the child of decisions-child.ts. */
function startChild(pem: string, from: number): ChildProcess {
  // Node runs TypeScript as it is, but for the names of relative imports.
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      try { return next(name, context); } catch (error) {
        if (!name.endsWith('.js')) throw error;
        return next(name.slice(0, -3) + '.ts', context);
      }
    } });`;
  const node = ['--conditions=source', '--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  const script = join(import.meta.dirname, 'decisions-child.ts');
  const journal = join(redis.folder, 'child-journal');
  return spawn(
    process.execPath,
    [...node, script, redis.server.socket, journal, pem, CLUSTER, GATEWAY, String(from)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

/** Runs the child until it has said `enough` numbers, kills it, and gives the highest number that it called durable. */
async function killAfter(
  child: ChildProcess,
  enough: number,
  meanwhile: (said: number) => Promise<void>,
): Promise<number> {
  let highest = -1;
  let said = 0;
  const lines = createInterface({ input: child.stdout! });
  const exit = once(child, 'exit');
  for await (const line of lines) {
    highest = Number(line);
    said += 1;
    await meanwhile(said);
    if (said === enough) child.kill('SIGKILL');
  }
  await exit;
  return highest;
}

test.for([
  { name: 'with Redis there', redisDies: false },
  { name: 'F05 with Redis down: the next process replays the journal', redisDies: true },
])('F03 the writer is killed $name: nothing that was called durable is lost', async ({ redisDies }) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const highest = await killAfter(startChild(pem, 0), 60, async (said) => {
    if (redisDies && said === 20) await redis.server.kill();
  });
  expect(highest).toBeGreaterThanOrEqual(299);
  if (redisDies) {
    await redis.server.start();
    const journal = join(redis.folder, 'child-journal');
    await world.log({
      journal: await openJournal(() => openJournalFile(journal)),
      signer: new Ed25519Signer('x', privateKey),
    });
  }
  const source = new RedisDecisionSource({
    redis: redis.patient(),
    connect: () => redis.patient(),
    trust: { cluster: CLUSTER, verifier: new Ed25519Verifier(new Map([['2026-11', publicKey]])) },
    observe: (event) => void world.events.push(event),
    now: () => performance.now(),
  });
  const all = await take(source.tail({ after: '0-0-0' }, soon()), highest + 1);
  expect(uidsOf(all)).toEqual(uids(highest + 1));
  expect([...world.told('gap'), ...world.told('forged'), ...world.told('chain-broken')]).toEqual([]);
});

test('a journal of another key is published as it was signed, and believed only by who has that key', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const log = await world.log({
    journal: await openJournal(),
    signer: new Ed25519Signer('gone', privateKey),
  });
  await redis.server.kill();
  await log.append(numbered(0));
  await log.close(soon());
  await redis.server.start();
  await world.log({ journal: await openJournal() });
  const admin = redis.patient();
  await expect.poll(() => admin.xlen(STREAM_KEYS.decisions)).toBe(1);
  expect((await world.source().history({ limit: 10 }, forever)).decisions).toEqual([]);
  expect(world.told('forged')).toMatchObject([{ reason: 'signature' }]);
  expect(VERIFIER.verify('gone', Buffer.from('x'), Buffer.alloc(64))).toBe(false);
  rmSync(join(redis.folder, 'journal'));
});

/** The file as a disk without room has it. */
function fullDisk(file: JournalFile): JournalFile {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  return {
    read: (...args) => file.read(...args),
    write: () => Promise.reject(full),
    datasync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    stat: () => file.stat(),
    close: () => file.close(),
  };
}

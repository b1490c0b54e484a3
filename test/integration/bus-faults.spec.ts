// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { createRedis, type RedisVerificationBus } from '#bus';

import { admitted, questionOf, says } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { VerifierChild } from './bus-children.js';
import { BusRig, until } from './bus-rig.js';

const NEVER = new AbortController().signal;
const SLOW = 'registry.example.com/slow-300:1';

let rig: BusRig;
let children: VerifierChild[] = [];
beforeAll(async () => {
  rig = await BusRig.start();
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  children = [];
  await rig.reset();
});
afterAll(() => rig.stop());

async function startChildren(count: number): Promise<void> {
  children = Array.from({ length: count }, () => VerifierChild.start(rig.redis.url, rig.files));
  await until(() => children.every(({ isServing }) => isServing), 20_000);
}

/** Asks, and hurts the process that took it after 50 ms; how long after that the answer came. */
async function askAndHurt(bus: RedisVerificationBus, hurt: (child: VerifierChild) => void): Promise<number> {
  const asked = bus.ask(questionOf(SLOW), 20_000, NEVER);
  await until(() => children.some((child) => child.begun(SLOW) > 0));
  await pause(50);
  const hurtAt = performance.now();
  for (const child of children) if (child.begun(SLOW) > 0) hurt(child);
  await expect(asked).resolves.toMatchObject({ kind: 'verdict', verdict: { outcome: 'admitted' } });
  return performance.now() - hurtAt;
}

test.for([
  { name: 'the hedge finds another verifier', hedge: { startMs: 400 }, withinMs: 300 + 1200 },
  { name: 'without hedges another verifier takes the entry over', hedge: { most: 0 }, withinMs: 300 + 1900 },
])('F01 kill -9 of a verifier process in the middle of a job: $name', async ({ hedge, withinMs }) => {
  await startChildren(2);
  const bus = await rig.gateway({ hedge });
  const took = await askAndHurt(bus, (child) => child.signal('SIGKILL'));
  expect(took).toBeLessThan(withinMs);
  expect(children.filter(({ isAlive }) => isAlive)).toHaveLength(1);
  await until(async () => (await rig.raw.xlen('{connaisseur-bus}:requests')) === 0);
});

test('F02 a verifier that hangs is replaced, and what it says when it wakes up changes nothing', async () => {
  await startChildren(2);
  const bus = await rig.gateway({ hedge: { startMs: 400 } });
  const took = await askAndHurt(bus, (child) => child.signal('SIGSTOP'));
  expect(took).toBeLessThan(300 + 1200);
  await pause(1500);
  for (const child of children) child.signal('SIGCONT');
  await until(() => rig.count('duplicate') >= 1);
  const reply = await bus.ask(questionOf('registry.example.com/next:1'), 8000, NEVER);
  expect(reply).toMatchObject({ kind: 'verdict' });
});

test('SIGTERM finishes what is in flight', async () => {
  await startChildren(1);
  const bus = await rig.gateway({ hedge: { most: 0 } });
  await askAndHurt(bus, (child) => child.signal('SIGTERM'));
  await children[0]?.gone();
  expect(children[0]?.lines).toEqual(['serving', `begins ${SLOW}`, 'closing', 'closed']);
});

/** Keeps sixteen questions open for as long as `during` takes, and says how each ended. */
async function underLoad(bus: RedisVerificationBus, during: () => Promise<void>) {
  const ends: { readonly at: number; readonly ms: number; readonly how: string }[] = [];
  const over = new AbortController();
  const ask = async (lane: number): Promise<void> => {
    for (let number = 0; !over.signal.aborted; number += 1) {
      const begun = performance.now();
      const how = await bus.ask(questionOf(`registry.example.com/app-${lane}:${number}`), 4000, NEVER).then(
        ({ kind }) => kind,
        (error: unknown) => (error instanceof Error ? error.name : 'other'),
      );
      ends.push({ at: performance.now(), ms: performance.now() - begun, how });
      if (how !== 'verdict') await pause(5);
    }
  };
  const lanes = Array.from({ length: 16 }, (_, lane) => ask(lane));
  await during();
  over.abort();
  await Promise.all(lanes);
  return ends;
}

test('F05 Redis kill -9 and restart: everything in flight ends within its budget, and service is back', async () => {
  const handler = async () => {
    await pause(30);
    return says(admitted);
  };
  // All questions are about one registry, which has a quarter of the places: eight in each.
  await rig.verifier(handler, { slots: 32 });
  await rig.verifier(handler, { slots: 32 });
  const bus = await rig.gateway();
  let downAt = 0;
  let acceptsAt = 0;
  const ends = await underLoad(bus, async () => {
    await pause(500);
    await rig.redis.kill();
    await until(() => bus.health().state === 'down');
    downAt = performance.now();
    await pause(500);
    await rig.redis.start();
    acceptsAt = performance.now();
    await pause(800);
  });
  const back = ends.find(({ at, how }) => at > acceptsAt && how === 'verdict');
  expect((back?.at ?? Infinity) - acceptsAt).toBeLessThan(200);
  const down = ends.filter(({ at }) => at > downAt && at < acceptsAt);
  expect(new Set(down.map(({ how }) => how))).toEqual(new Set(['BusDownError']));
  expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThan(2000);
  const after = ends.filter(({ at }) => at > acceptsAt + 200).map(({ how }) => how);
  expect(new Set(after)).toEqual(new Set(['verdict']));
  expect(after.length).toBeGreaterThan(50);
});

test('F05 a short outage of Redis loses no question: it waits, and is asked again', async () => {
  await rig.verifier(async () => {
    await pause(20);
    return says(admitted);
  });
  const bus = await rig.gateway({ graceMs: 3000, hedge: { startMs: 5000 } });
  const asked = Array.from({ length: 20 }, (_, n) =>
    bus.ask(questionOf(`registry.example.com/a:${n}`), 8000, NEVER),
  );
  const killed = rig.redis.kill();
  const replies = Promise.all(asked);
  await killed;
  await rig.redis.start();
  expect((await replies).map(({ kind }) => kind)).toEqual(asked.map(() => 'verdict'));
});

test('while Redis is away new questions fail at once, and open ones after the grace', async () => {
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const open = bus.ask(questionOf(SLOW), 20_000, NEVER);
  const begun = performance.now();
  const openFailed = expect(open).rejects.toMatchObject({ name: 'BusDownError' });
  await rig.redis.kill();
  await until(() => bus.health().state === 'down');
  const asked = performance.now();
  await expect(bus.ask(questionOf(SLOW), 20_000, NEVER)).rejects.toMatchObject({ name: 'BusDownError' });
  expect(performance.now() - asked).toBeLessThan(500);
  await openFailed;
  expect(performance.now() - begun).toBeLessThan(5000);
  await rig.redis.start();
  await until(() => bus.health().state === 'up');
  expect(rig.count('reconnected')).toBe(1);
});

test('a gateway and a verifier that start before Redis find it when it comes', async () => {
  await rig.redis.kill();
  const connect = (role: Parameters<typeof createRedis>[1]) => createRedis({ url: rig.redis.url }, role);
  const starting = [
    rig.gateway({ connect }),
    rig.verifier(() => Promise.resolve(says(admitted)), { connect }),
  ] as const;
  await pause(200);
  await rig.redis.start();
  const [bus] = await Promise.all(starting);
  await expect(bus.ask(questionOf(SLOW), 8000, NEVER)).resolves.toMatchObject({ kind: 'verdict' });
});

test.for([
  { name: 'OOM', harm: ['CONFIG', 'SET', 'maxmemory', '1'], heal: ['CONFIG', 'SET', 'maxmemory', '0'] },
  {
    name: 'NOPERM',
    harm: ['ACL', 'SETUSER', 'default', '-xadd'],
    heal: ['ACL', 'SETUSER', 'default', '+xadd'],
  },
  { name: 'READONLY', harm: ['REPLICAOF', '127.0.0.1', '1'], heal: ['REPLICAOF', 'NO', 'ONE'] },
])(
  'F09 F10 a Redis that takes no writes ($name) is down at once, and service is back with it',
  async (row) => {
    await rig.verifier(() => Promise.resolve(says(admitted)));
    const bus = await rig.gateway({ hedge: { most: 0 } });
    const call = ([command = '', ...args]: readonly string[]) => rig.raw.call(command, ...args);
    await call(row.harm);
    const begun = performance.now();
    await expect(bus.ask(questionOf(SLOW), 8000, NEVER)).rejects.toMatchObject({ name: 'BusDownError' });
    expect(performance.now() - begun).toBeLessThan(5000);
    await call(row.heal);
    await until(async () =>
      bus.ask(questionOf(SLOW), 4000, NEVER).then(
        ({ kind }) => kind === 'verdict',
        () => false,
      ),
    );
  },
);

test('F11 a Redis that answers nobody costs the bus’ share and no more', async () => {
  await rig.verifier(() => Promise.resolve(says(admitted)));
  const bus = await rig.gateway();
  await rig.raw.call('CLIENT', 'PAUSE', '1500', 'ALL');
  const begun = performance.now();
  await expect(bus.ask(questionOf(SLOW), 1000, NEVER)).rejects.toMatchObject({ name: 'BusSilentError' });
  expect(performance.now() - begun).toBeLessThan(4000);
});

test('F07 a Redis that hangs is noticed within four seconds, and found again', async () => {
  await rig.verifier(() => Promise.resolve(says(admitted)));
  const bus = await rig.gateway();
  rig.redis.pause();
  const begun = performance.now();
  await until(() => bus.health().state === 'down', 6000);
  expect(performance.now() - begun).toBeLessThan(10_000);
  rig.redis.resume();
  await until(() => bus.health().state === 'up');
  await until(async () =>
    bus.ask(questionOf(SLOW), 4000, NEVER).then(
      ({ kind }) => kind === 'verdict',
      () => false,
    ),
  );
});

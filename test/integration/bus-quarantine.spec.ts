// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { BusSilentError, generateBusKeys, readBusKeys, type RedisVerificationBus } from '#bus';

import { sealMark } from '../../libs/bus/src/verification/crash-marks.js';
import { sealQuarantine } from '../../libs/bus/src/verification/quarantine.js';
import { subjectOf } from '../../libs/bus/src/verification/subject.js';
import { admitted, questionOf, says } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { VerifierChild, VerifierFleet } from './bus-children.js';
import { BusRig, CLUSTER, until } from './bus-rig.js';

const NEVER = new AbortController().signal;
const POISON = 'registry.example.com/poison:1';
const QUARANTINE = '{connaisseur-bus}:quarantine';

let rig: BusRig;
let fleet: VerifierFleet | undefined;
beforeAll(async () => {
  rig = await BusRig.start();
});
afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
  await rig.reset();
});
afterAll(() => rig.stop());

function verdictKeys() {
  const { verdicts } = readBusKeys(rig.files);
  if (verdicts === undefined) throw new Error('expected verdict keys');
  return verdicts;
}

async function ask(bus: RedisVerificationBus, image: string, budgetMs: number): Promise<string> {
  return bus.ask(questionOf(image), budgetMs, NEVER).then(
    (reply) => (reply.kind === 'verdict' ? reply.verdict.outcome : reply.reason),
    (error: unknown) => (error instanceof BusSilentError ? error.code : 'other'),
  );
}

test('F22 an image that kills its verifier each time is quarantined; the others go on', async () => {
  fleet = new VerifierFleet(5, () => VerifierChild.start(rig.redis.url, rig.files));
  await until(() => fleet?.serving === 5, 30_000);
  const bus = await rig.gateway({ hedge: { startMs: 150 } });
  const others: string[] = [];
  const over = new AbortController();
  const traffic = (async () => {
    for (let number = 0; !over.signal.aborted; number += 1) {
      others.push(await ask(bus, `registry.example.com/good:${number}`, 12_000));
      await pause(20);
    }
  })();
  const poisoned = await ask(bus, POISON, 50_000);
  const deaths = fleet.deaths;
  over.abort();
  await traffic;
  expect(poisoned).toBe('quarantined');
  // The first attempt and two hedges before anybody can know, then one after the other, alone.
  expect(fleet.begun(POISON)).toBeLessThanOrEqual(6);
  expect(deaths).toBeLessThanOrEqual(6);
  // On a machine where starting again takes seconds all five may be gone at once; then the bus says so at once.
  expect(others.filter((outcome) => outcome !== 'admitted' && outcome !== 'no-verifier')).toEqual([]);
  // The bus may say for a moment that all are dead; that is no verdict, and not the rule.
  expect(others.filter((outcome) => outcome === 'admitted').length).toBeGreaterThan(10);
  expect(others.filter((outcome) => outcome === 'admitted').length).toBeGreaterThan(20);
  await until(() => bus.isQuarantined(questionOf(POISON)));
  await until(() => (bus.health().verifiers ?? 0) > 0, 20_000);
  const begun = fleet.begun(POISON);
  expect(await ask(bus, POISON, 8000)).toBe('quarantined');
  expect(await ask(bus, 'registry.example.com/good:last', 8000)).toBe('admitted');
  expect(fleet.begun(POISON)).toBe(begun);
  const dead = await rig.raw.xrange('{connaisseur-bus}:dead', '-', '+');
  expect(dead[0]?.[1].join(' ')).toContain(POISON);
  expect(bus.isQuarantined({ ...questionOf(POISON), rule: 'd'.repeat(64) })).toBe(false);
});

/** A mark as a crashed run leaves it: written by a verifier, and not renewed. */
async function leaveMark(run: string, ageMs: number, keys = verdictKeys()): Promise<void> {
  const subject = subjectOf(CLUSTER, questionOf(POISON));
  const beat = Date.now() - ageMs;
  await rig.raw.hset(
    `{connaisseur-bus}:alone:${subject}`,
    run,
    sealMark(CLUSTER, subject, { run, beat }, keys),
  );
  await rig.raw.zadd('{connaisseur-bus}:suspects', Date.now() + 600_000, subject);
}

test.for([
  { name: 'three crashes alone', crashes: 3, expected: 'quarantined', begun: 0 },
  { name: 'two crashes alone', crashes: 2, expected: 'admitted', begun: 1 },
])('$name: $expected', async ({ crashes, expected, begun }) => {
  let judged = 0;
  for (let number = 0; number < crashes; number += 1) await leaveMark(`dead/${number}`, 5000);
  await rig.verifier(() => {
    judged += 1;
    return Promise.resolve(says(admitted));
  });
  const bus = await rig.gateway({ hedge: { most: 0 } });
  expect(await ask(bus, POISON, 8000)).toBe(expected);
  expect(judged).toBe(begun);
  expect(rig.count('quarantined')).toBe(crashes === 3 ? 1 : 0);
});

test('crashes that nobody signed for do not count, nor do marks of another image', async () => {
  const { verdicts } = readBusKeys(generateBusKeys('k1'));
  for (const run of ['a/1', 'a/2', 'a/3']) await leaveMark(run, 5000, verdicts);
  const other = subjectOf(CLUSTER, questionOf('registry.example.com/other:1'));
  const subject = subjectOf(CLUSTER, questionOf(POISON));
  for (const run of ['b/1', 'b/2', 'b/3']) {
    const text = sealMark(CLUSTER, other, { run, beat: Date.now() - 5000 }, verdictKeys());
    await rig.raw.hset(`{connaisseur-bus}:alone:${subject}`, run, text);
  }
  await rig.verifier(() => Promise.resolve(says(admitted)));
  const bus = await rig.gateway({ hedge: { most: 0 } });
  expect(await ask(bus, POISON, 8000)).toBe('admitted');
  expect(rig.events.some((event) => event.kind === 'forged' && event.message === 'mark')).toBe(true);
});

test('after the quarantine the image may run once, alone; one more crash is enough', async () => {
  for (const run of ['dead/1', 'dead/2', 'dead/3']) await leaveMark(run, 5000);
  let judged = 0;
  await rig.verifier(
    () => {
      judged += 1;
      return Promise.resolve(says(admitted));
    },
    { crashes: { quarantineMs: 400 } },
  );
  const bus = await rig.gateway({ hedge: { most: 0 } });
  expect(await ask(bus, POISON, 8000)).toBe('quarantined');
  await pause(800);
  expect(await ask(bus, POISON, 8000)).toBe('admitted');
  expect(judged).toBe(1);
  await leaveMark('dead/4', 5000);
  expect(await ask(bus, POISON, 8000)).toBe('quarantined');
});

test('a suspected image runs alone: nothing else in the process meanwhile', async () => {
  let running = 0;
  let mostBeside = 0;
  await leaveMark('dead/1', 5000);
  await rig.verifier(
    async ({ image }) => {
      running += 1;
      if (image === POISON) mostBeside = Math.max(mostBeside, running - 1);
      await pause(image === POISON ? 150 : 30);
      if (image === POISON) mostBeside = Math.max(mostBeside, running - 1);
      running -= 1;
      return says(admitted);
    },
    { slots: 8 },
  );
  const bus = await rig.gateway({ hedge: { startMs: 5000 } });
  const asked = Array.from({ length: 60 }, (_, n) =>
    ask(bus, n === 20 ? POISON : `registry.example.com/a:${n}`, 20_000),
  );
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['admitted']));
  expect(mostBeside).toBe(0);
});

test('a verifier waits with an image that runs alone elsewhere', async () => {
  let judgedAt = 0;
  await leaveMark('alive/1', 0);
  const markedAt = performance.now();
  await rig.verifier(() => {
    judgedAt = performance.now();
    return Promise.resolve(says(admitted));
  });
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const poison = ask(bus, POISON, 12_000);
  expect(await ask(bus, 'registry.example.com/good:1', 8000)).toBe('admitted');
  expect(await poison).toBe('admitted');
  expect(judgedAt - markedAt).toBeGreaterThan(950);
});

test.for([
  { name: 'a record that a verifier signed', keys: 'right', cluster: CLUSTER, ends: 60_000, expected: true },
  { name: 'a record under another key', keys: 'wrong', cluster: CLUSTER, ends: 60_000, expected: false },
  {
    name: 'H25 a record of another cluster',
    keys: 'right',
    cluster: 'cluster-2',
    ends: 60_000,
    expected: false,
  },
  {
    name: 'H07 an ended record with a new place in the set',
    keys: 'right',
    cluster: CLUSTER,
    ends: -1000,
    expected: false,
  },
])('a gateway believes $name: $expected', async ({ keys, cluster, ends, expected }) => {
  const subject = subjectOf(CLUSTER, questionOf(POISON));
  const foreign = readBusKeys(generateBusKeys('k1')).verdicts;
  const signing = keys === 'right' ? verdictKeys() : (foreign ?? verdictKeys());
  const text = sealQuarantine({ cluster, subject, until: Date.now() + ends }, signing);
  await rig.raw.zadd(QUARANTINE, Date.now() + 60_000, text);
  await rig.verifier(() => Promise.resolve(says(admitted)));
  const bus = await rig.gateway({ hedge: { most: 0 } });
  await until(() => bus.health().verifiers !== undefined);
  expect(bus.isQuarantined(questionOf(POISON))).toBe(expected);
  expect(await ask(bus, POISON, 8000)).toBe(expected ? 'quarantined' : 'admitted');
});

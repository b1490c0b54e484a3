// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Secret } from '#config';
import type { DecisionRecord } from '#contracts';
import { aDenial, anAdmission, type ReceiverBehaviour, type VirtualReceiver } from '#testing';

import { alerting, AlertingWorld, FAST, idsOf, receiver } from './alerting-world.js';

const OK: ReceiverBehaviour = { kind: 'answer', status: 200, body: 'ok' };

function denials(count: number): readonly DecisionRecord[] {
  return Array.from({ length: count }, (_, index) => aDenial({ uid: `uid-${index}` }));
}

function acceptedUids({ accepted }: VirtualReceiver): readonly string[] {
  return accepted.map(({ body }) => (JSON.parse(body) as { uid: string }).uid).toSorted();
}

test('F19: receivers that are down, limiting, hanging or broken get their alerts when they are back, and delay nobody', async () => {
  await using world = await AlertingWorld.open();
  const bad: readonly { name: string; behaviour: ReceiverBehaviour }[] = [
    { name: 'limiting', behaviour: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } },
    { name: 'broken', behaviour: { kind: 'answer', status: 500 } },
    { name: 'hanging', behaviour: { kind: 'hang' } },
    { name: 'dropping', behaviour: { kind: 'close' } },
  ];
  const healthy = await world.receiver();
  const others = await Promise.all(
    bad.map(async ({ name, behaviour }) => ({ name, behaviour, receiver: await world.receiver() })),
  );
  for (const { receiver, behaviour } of others) receiver.behave(behaviour);
  await world.start({
    reject: [
      receiver('healthy', healthy.url),
      ...others.map((other) => receiver(other.name, other.receiver.url)),
    ],
  });

  const uids = denials(5).map(({ uid }) => uid);
  for (const record of denials(5)) await world.decisions.log.append(record);
  await healthy.until(({ accepted }) => accepted.length === 5, 2000);
  await Promise.all(
    others.map(async (other) => await other.receiver.until(({ received }) => received.length > 0, 2000)),
  );
  await pause(1200);
  for (const other of others) {
    expect(other.receiver.accepted).toEqual([]);
    other.receiver.behave(OK);
  }
  await Promise.all(
    others.map(async (other) => await other.receiver.until(({ accepted }) => accepted.length >= 5, 8000)),
  );
  await pause(300);
  for (const { name, receiver } of [{ name: 'healthy', receiver: healthy }, ...others]) {
    expect([name, acceptedUids(receiver)]).toEqual([name, uids]);
    // A16: a repetition has the id of the first attempt.
    expect(idsOf(receiver.received).size).toBe(5);
  }
  expect(await world.count('reject-limiting', 'rate_limited')).toBeGreaterThan(0);
  expect(await world.count('reject-limiting', 'retried')).toBe(0);
  expect(await world.count('reject-broken', 'retried')).toBeGreaterThan(0);
  expect(await world.count('reject-healthy', 'retried')).toBe(0);
});

test('4xx is a dead letter at once and stays for people; the next alert goes its way', async () => {
  await using world = await AlertingWorld.open();
  const target = await world.receiver();
  target.behave({ kind: 'answer', status: 404 });
  const service = await world.start({ reject: [receiver('r', target.url)] });
  await world.decisions.log.append(aDenial({ uid: 'lost' }));
  await target.until(({ received }) => received.length === 1, 2000);
  target.behave(OK);
  await world.decisions.log.append(aDenial({ uid: 'next' }));
  await target.until(({ accepted }) => accepted.length === 1, 2000);
  await pause(500);
  expect(target.received).toHaveLength(2);
  expect(await world.count('reject-r', 'dead')).toBe(1);
  expect(await world.registry.metrics()).toContain(
    'connaisseur_alerts_queue_jobs{receiver="reject-r",state="dead"} 1',
  );
  expect(service.health()).toMatchObject({
    ready: true,
    redis: 'connected',
    receivers: ['reject-r'],
    receiversDown: [],
  });
});

test('admissions and denials reach their own lists, once for both webhooks, and never for dry-run', async () => {
  await using world = await AlertingWorld.open();
  const [admit, reject] = [await world.receiver(), await world.receiver()];
  await world.start({ admit: [receiver('r', admit.url)], reject: [receiver('r', reject.url)] });
  const records = [
    anAdmission({ uid: 'a' }),
    anAdmission({ uid: 'a', phase: 'validate' }),
    anAdmission({ uid: 'b', dryRun: true }),
    aDenial({ uid: 'c' }),
    aDenial({ uid: 'c' }),
    aDenial({ uid: 'd', phase: 'validate' }),
    aDenial({ uid: 'e', dryRun: true }),
    aDenial({ uid: 'f', allowed: true, mode: 'detect', namespace: 'x' }),
    aDenial({ uid: 'g', allowed: true, mode: 'detect', namespace: 'x', phase: 'validate' }),
  ];
  for (const record of records) await world.decisions.log.append(record);
  await Promise.all([
    admit.until(({ accepted }) => accepted.length === 1, 2000),
    reject.until(({ accepted }) => accepted.length === 3, 2000),
  ]);
  await pause(300);
  expect(acceptedUids(admit)).toEqual(['a']);
  expect(acceptedUids(reject)).toEqual(['c', 'd', 'f']);
});

test('A09: a secret of a receiver is in no key of Redis, no log line and no metric', async () => {
  await using world = await AlertingWorld.open();
  const canary = 'CANARY0123456789abcdef';
  const [echo, broken] = [await world.receiver(), await world.receiver()];
  echo.behave({ kind: 'answer', status: 400, body: `bad token ${canary}`, headers: { 'x-echo': canary } });
  broken.behave({ kind: 'close' });
  const secrets = {
    customHeaders: [{ name: 'Authorization', value: new Secret(`GenieKey ${canary}`) }],
    payloadFields: { routing_key: canary },
  };
  const service = await world.start({
    reject: [
      receiver('echo', `${echo.url}/services/${canary}?sig=${canary}`, secrets),
      receiver('broken', `${broken.url}/${canary}`, secrets),
      receiver('invalid', `ftp://${canary}@x/${canary}`, secrets),
      receiver('template', `${echo.url}/${canary}`, { ...secrets, template: 'missing' }),
    ],
  });
  await world.decisions.log.append(aDenial());
  await echo.until(({ received }) => received.length === 1, 2000);
  await broken.until(({ received }) => received.length >= 2, 3000);
  await pause(200);
  expect(echo.received[0]?.headers.authorization).toBe(`GenieKey ${canary}`);
  expect(echo.received[0]?.body).toContain(canary);
  const dump = await world.dump();
  expect(dump).toContain('reject-broken');
  expect(world.lines.join('')).toContain('reject-invalid');
  for (const sink of [
    dump,
    world.lines.join(''),
    await world.registry.metrics(),
    JSON.stringify(service.health()),
  ]) {
    expect(sink).not.toContain(canary);
  }
});

test('a new configuration adds, changes and ends receivers, and what waits goes to the new address', async () => {
  await using world = await AlertingWorld.open();
  const [gone, dead, alive] = [await world.receiver(), await world.receiver(), await world.receiver()];
  dead.behave({ kind: 'answer', status: 503 });
  const service = await world.start({ reject: [receiver('moved', dead.url), receiver('gone', gone.url)] });
  await world.decisions.log.append(aDenial({ uid: 'before' }));
  await dead.until(({ received }) => received.length > 0, 2000);
  await gone.until(({ accepted }) => accepted.length === 1, 2000);

  service.apply(alerting({ reject: [receiver('moved', alive.url), receiver('new', alive.url)] }));
  await world.decisions.log.append(aDenial({ uid: 'after' }));
  await alive.until(({ accepted }) => accepted.length === 3, 3000);
  await pause(200);
  expect(acceptedUids(alive)).toEqual(['after', 'after', 'before']);
  expect(acceptedUids(gone)).toEqual(['before']);
});

test('A13: a full queue drops what is too much, and counts it', async () => {
  await using world = await AlertingWorld.open();
  const hanging = await world.receiver();
  hanging.behave({ kind: 'hang' });
  await world.start(
    { reject: [receiver('r', hanging.url)] },
    { timeoutMs: 5000, lockMs: 8000, concurrency: 1, queueCap: 3 },
  );
  for (const record of denials(10)) await world.decisions.log.append(record);
  await expect
    .poll(async () => await world.count('reject-r', 'dropped'), { timeout: 3000 })
    .toBeGreaterThanOrEqual(6);
  const metrics = await world.registry.metrics();
  expect(metrics).toContain('connaisseur_alerts_queue_jobs{receiver="reject-r",state="waiting"} 3');
});

test('F05: Redis is killed and starts again: nothing that was queued is lost', async () => {
  await using world = await AlertingWorld.open();
  const target = await world.receiver();
  target.behave({ kind: 'answer', status: 500 });
  await world.start({ reject: [receiver('r', target.url)] });
  for (const record of denials(5)) await world.decisions.log.append(record);
  await target.until(({ received }) => received.length >= 5, 2000);
  await world.redis.kill();
  await world.redis.start();
  target.behave(OK);
  await target.until(({ accepted }) => new Set(accepted.map(({ body }) => body)).size === 5, 8000);
  await world.decisions.log.append(aDenial({ uid: 'later' }));
  await target.until(({ accepted }) => accepted.some(({ body }) => body.includes('later')), 4000);
});

test('F19: after an outage nobody waits out a long backoff: the first success brings the others forward', async () => {
  await using world = await AlertingWorld.open();
  const target = await world.receiver();
  target.behave({ kind: 'answer', status: 503 });
  const service = await world.start(
    { reject: [receiver('r', target.url)] },
    { ...FAST, backoffMs: 600_000, maxBackoffMs: 600_000, downAfter: 2 },
  );
  for (const record of denials(3)) await world.decisions.log.append(record);
  await target.until(({ received }) => received.length === 3, 2000);
  await expect.poll(() => service.health().receiversDown).toEqual(['reject-r']);
  target.behave(OK);
  await world.decisions.log.append(aDenial({ uid: 'uid-3' }));
  await target.until(({ accepted }) => accepted.length === 4, 2000);
  expect(acceptedUids(target)).toEqual(['uid-0', 'uid-1', 'uid-2', 'uid-3']);
  expect(service.health().receiversDown).toEqual([]);
});

test('F05: it ends in time also while Redis is away', async () => {
  await using world = await AlertingWorld.open();
  const target = await world.receiver();
  const service = await world.start({ reject: [receiver('r', target.url)] });
  await world.decisions.log.append(aDenial());
  await target.until(({ accepted }) => accepted.length === 1, 2000);
  await world.redis.kill();
  const begun = performance.now();
  await service.close();
  expect(performance.now() - begun).toBeLessThan(10_000);
});

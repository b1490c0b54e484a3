import { describe, expect, test } from 'vitest';

import type { AlertRoute, DeliveryOutcome } from '#alerts';
import { type AlertingConfig, type ReceiverConfig, Secret } from '#config';
import type { DecisionRecord } from '#contracts';
import { aDenial, anAdmission } from '#testing';

import { Deadline } from '../deadline.js';
import { MandatoryAlerts } from './mandatory-alerts.js';

function receiver(name: string, isMandatory = true): ReceiverConfig {
  return {
    name,
    template: 'slack',
    receiverUrl: new Secret('https://x.example/canary'),
    priority: 3,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails: isMandatory,
  };
}

const ALERTING: AlertingConfig = {
  clusterIdentifier: 'c',
  admit: [receiver('slack-0'), receiver('queued-1', false)],
  reject: [receiver('slack-0')],
};
const DELIVERED: DeliveryOutcome = { kind: 'delivered', status: 200 };
const RETRY = { kind: 'retry', reason: 'STATUS', message: '503' } as unknown as DeliveryOutcome;
const DEAD = { kind: 'dead', reason: 'STATUS', message: '404' } as unknown as DeliveryOutcome;

type Send = (route: AlertRoute, signal: AbortSignal) => Promise<DeliveryOutcome>;

function world(send: Send) {
  const clock = { now: 0 };
  const tried: string[] = [];
  const results: string[] = [];
  const faults: unknown[] = [];
  const alerts = new MandatoryAlerts({
    sender: async () => ({
      send: async (route, _subject, signal) => {
        tried.push(route.key);
        return await send(route, signal);
      },
    }),
    monotonic: () => clock.now,
    onResult: (name, result) => results.push(`${name} ${result}`),
    onFault: (error) => faults.push(error),
  });
  const deliver = async (
    record: DecisionRecord = anAdmission(),
    timeoutMs = 10_000,
  ): Promise<readonly string[]> => {
    const deadline = new Deadline(timeoutMs);
    try {
      return await alerts.deliver(ALERTING, record, deadline);
    } finally {
      deadline.release();
    }
  };
  return { alerts, clock, tried, results, faults, deliver };
}

test.for([
  { name: 'an admission', record: anAdmission(), tried: ['admit-slack-0'] },
  { name: 'a denial', record: aDenial(), tried: ['reject-slack-0'] },
  { name: 'I10 A14 a dry-run', record: anAdmission({ dryRun: true }), tried: [] },
  { name: 'I10 A14 a denied dry-run', record: aDenial({ dryRun: true }), tried: [] },
  {
    name: 'an admission in /validate, heard of in /mutate',
    record: anAdmission({ phase: 'validate' }),
    tried: [],
  },
])('$name is sent by the gateway to: $tried', async ({ record, tried }) => {
  const all = world(async () => DELIVERED);
  expect(await all.deliver(record)).toEqual([]);
  expect(all.tried).toEqual(tried);
});

test.for([
  { name: 'delivered', outcomes: [DELIVERED], missed: [], tries: 1 },
  { name: 'delivered at the second try', outcomes: [RETRY, DELIVERED], missed: [], tries: 2 },
  { name: 'not delivered', outcomes: [RETRY, RETRY], missed: ['slack-0'], tries: 2 },
  { name: 'a dead letter, which is not tried again', outcomes: [DEAD], missed: ['slack-0'], tries: 1 },
])('$name', async ({ outcomes, missed, tries }) => {
  const left = [...outcomes];
  const all = world(async () => left.shift() ?? DEAD);
  expect(await all.deliver()).toEqual(missed);
  expect(all.tried).toHaveLength(tries);
});

test('a sender with a fault of ours has not delivered, and the log has why', async () => {
  const all = world(async () => await Promise.reject(new RangeError('ours')));
  expect(await all.deliver()).toEqual(['slack-0']);
  expect(all.faults).toEqual([expect.any(RangeError)]);
});

describe('time', () => {
  const hangs: Send = async (_route, signal) =>
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });

  test('I8 a receiver that hangs leaves time for the answer', { tags: ['thorough'] }, async () => {
    const all = world(hangs);
    const started = performance.now();
    expect(await all.deliver(anAdmission(), 1_000)).toEqual(['slack-0']);
    expect(performance.now() - started).toBeLessThan(650);
    expect(all.faults).toEqual([]);
  });

  test('without time nothing is tried', async () => {
    const all = world(async () => DELIVERED);
    const deadline = new Deadline(1_000, performance.now() - 2_000);
    expect(await all.alerts.deliver(ALERTING, anAdmission(), deadline)).toEqual(['slack-0']);
    expect([all.tried, all.results]).toEqual([[], ['slack-0 not-tried']]);
  });
});

describe('the breaker', () => {
  test('P16 a receiver that keeps failing is not waited for; one of the later admissions tries again', async () => {
    const state = { up: false };
    const all = world(async () => (state.up ? DELIVERED : DEAD));
    for (let n = 0; n < 6; n += 1) expect(await all.deliver()).toEqual(['slack-0']);
    expect(all.tried).toHaveLength(3);
    expect(all.results.at(-1)).toBe('slack-0 not-tried');
    all.clock.now += 10_000;
    state.up = true;
    const both = await Promise.all([all.deliver(), all.deliver()]);
    expect(both).toEqual([[], ['slack-0']]);
    expect(await all.deliver()).toEqual([]);
  });

  test('of one list is not that of the other', async () => {
    const all = world(async ({ outcome }) => (outcome === 'admit' ? DEAD : DELIVERED));
    for (let n = 0; n < 4; n += 1) await all.deliver();
    expect(await all.deliver(aDenial())).toEqual([]);
  });
});

test('whether anybody is concerned', () => {
  const none = { ...ALERTING, admit: [receiver('a', false)], reject: [] };
  expect([MandatoryAlerts.concern(ALERTING), MandatoryAlerts.concern(none)]).toEqual([true, false]);
});

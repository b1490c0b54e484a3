import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { type AlertingConfig, type ReceiverConfig, Secret } from '#config';
import type { DecisionRecord } from '#contracts';
import { silentLogger } from '#observability';
import { aDenial, anAdmission } from '#testing';

import type { AlertJob } from './alert-job.js';
import { AlertingMetrics } from './alerting-metrics.js';
import { DecisionIntake, type DecisionStream } from './decision-intake.js';
import { InMemoryDetectionMemory } from './detection-memory.js';
import { JobSeal } from './job-seal.js';

function receiver(name: string, failIfAlertSendingFails = false): ReceiverConfig {
  return {
    name,
    template: 't',
    receiverUrl: new Secret('https://x.example'),
    priority: 3,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails,
  };
}

const ALERTING: AlertingConfig = {
  clusterIdentifier: 'c',
  admit: [receiver('t-0')],
  reject: [receiver('t-0'), receiver('t-1'), receiver('t-2', true)],
};

/** An intake over lists instead of Redis. */
class Desk {
  readonly jobs: AlertJob[] = [];
  readonly aside: string[] = [];
  readonly #broken: readonly string[];
  readonly #intake: DecisionIntake;
  now = 0;

  constructor(broken: readonly string[] = []) {
    this.#broken = broken;
    this.#intake = new DecisionIntake({
      outlet: () => ({
        alerting: ALERTING,
        add: (key, jobs) => {
          if (this.#broken.includes(key)) return Promise.reject(new Error('Redis is away'));
          this.jobs.push(...jobs);
          return Promise.resolve();
        },
      }),
      memory: new InMemoryDetectionMemory(() => this.now),
      shelf: { put: ({ id }) => Promise.resolve(void this.aside.push(id)) },
      seal: new JobSeal([]),
      metrics: new AlertingMetrics(new Registry(), () => Promise.resolve(new Map())),
      logger: silentLogger,
    });
  }

  async take(stream: DecisionStream, ...records: readonly DecisionRecord[]): Promise<void> {
    await this.#intake.take(
      stream,
      records.map((record, index) => ({ id: `1-0-${index}`, record })),
    );
  }

  get receivers(): readonly string[] {
    return this.jobs.map(({ receiver }) => receiver);
  }
}

test.for<{ name: string; stream: DecisionStream; record: DecisionRecord; receivers: readonly string[] }>([
  {
    name: 'admissions come from the stream of decisions',
    stream: 'decisions',
    record: anAdmission(),
    receivers: ['admit-t-0'],
  },
  {
    name: 'denials on it are left to their own stream',
    stream: 'decisions',
    record: aDenial(),
    receivers: [],
  },
  {
    name: 'denials come from the stream of denials, but for receivers that the gateway serves',
    stream: 'denials',
    record: aDenial(),
    receivers: ['reject-t-0', 'reject-t-1'],
  },
  { name: 'an admission on it is nothing', stream: 'denials', record: anAdmission(), receivers: [] },
  { name: 'A14: dry-run is nothing', stream: 'denials', record: aDenial({ dryRun: true }), receivers: [] },
])('$name', async ({ stream, record, receivers }) => {
  const desk = new Desk();
  await desk.take(stream, record);
  expect(desk.receivers).toEqual(receivers);
});

test('A16: the same record twice has the same job ids', async () => {
  const desk = new Desk();
  await desk.take('denials', aDenial());
  await desk.take('denials', aDenial({ phase: 'validate' }));
  expect(new Set(desk.jobs.map(({ alertId }) => alertId)).size).toBe(2);
  expect(desk.jobs).toHaveLength(4);
});

test('a receiver that Redis did not take fails the batch, and the others have theirs', async () => {
  const desk = new Desk(['reject-t-0']);
  await expect(desk.take('denials', aDenial())).rejects.toThrow('Redis is away');
  expect(desk.receivers).toEqual(['reject-t-1']);
});

const DETECTED: Partial<DecisionRecord> = { allowed: true, wouldDeny: true, mode: 'detect' };

test.for<{ name: string; second: Partial<DecisionRecord>; waitMs?: number; alerts: number }>([
  { name: '/validate finds what /mutate found', second: { phase: 'validate', uid: 'other' }, alerts: 1 },
  { name: '/mutate finds it for another request', second: { uid: 'other' }, alerts: 2 },
  {
    name: '/validate finds it in another namespace',
    second: { phase: 'validate', uid: 'other', namespace: 'x' },
    alerts: 2,
  },
  {
    name: '/validate finds it much later',
    second: { phase: 'validate', uid: 'other' },
    waitMs: 120_001,
    alerts: 2,
  },
])('A15: in detection mode, $name', async ({ second, waitMs = 0, alerts }) => {
  const desk = new Desk();
  await desk.take('denials', aDenial(DETECTED));
  desk.now += waitMs;
  await desk.take('denials', aDenial({ ...DETECTED, ...second }));
  expect(
    new Set(desk.jobs.filter(({ receiver }) => receiver === 'reject-t-0').map(({ alertId }) => alertId)).size,
  ).toBe(alerts);
});

test('F21: a record that no code understands is put aside, and those behind it go on', async () => {
  const desk = new Desk();
  const poison = new Proxy(aDenial(), {
    get: (record, key) => {
      if (key === 'dryRun') throw new Error('poison');
      return Reflect.get(record, key) as unknown;
    },
  });
  await desk.take('denials', poison, aDenial({ uid: 'next' }));
  expect(desk.aside).toEqual(['1-0-0']);
  expect(desk.receivers).toEqual(['reject-t-0', 'reject-t-1']);
});

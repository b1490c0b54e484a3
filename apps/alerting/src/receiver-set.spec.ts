import { expect, test } from 'vitest';

import { AlertSender, TemplateCatalogue } from '#alerts';
import { type ReceiverConfig, Secret } from '#config';

import type { AlertJob } from './alert-job.js';
import type { ReceiverTarget } from './deliver-job.js';
import { type AlertQueue, ReceiverSet } from './receiver-set.js';

const SENDER = new AlertSender({
  templates: TemplateCatalogue.EMPTY,
  transport: { request: () => Promise.reject(new Error('unused')) },
  timeoutMs: 1,
  now: () => 0,
});

function receiver(name: string, template = 't', fields: Partial<ReceiverConfig> = {}): ReceiverConfig {
  return {
    name,
    template,
    receiverUrl: new Secret('https://x.example'),
    priority: 3,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails: false,
    ...fields,
  };
}

/** Keeps what it is told. */
class ListQueue implements AlertQueue {
  readonly isDown = false;
  readonly added: AlertJob[] = [];
  target: ReceiverTarget;
  closed = false;

  constructor(target: ReceiverTarget) {
    this.target = target;
  }

  update(target: ReceiverTarget): void {
    this.target = target;
  }

  add(jobs: readonly AlertJob[]): Promise<void> {
    this.added.push(...jobs);
    return Promise.resolve();
  }

  counts(): ReturnType<AlertQueue['counts']> {
    return Promise.resolve({ waiting: 1, active: 0, delayed: 0, dead: 0 });
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function openSet(): { set: ReceiverSet; opened: ListQueue[] } {
  const opened: ListQueue[] = [];
  const set = new ReceiverSet((target) => {
    const queue = new ListQueue(target);
    opened.push(queue);
    return queue;
  });
  return { set, opened };
}

const config = (...reject: readonly ReceiverConfig[]) => ({ clusterIdentifier: 'c', admit: [], reject });

test('a new configuration opens, keeps, changes and ends receivers', () => {
  const { set, opened } = openSet();
  set.apply(config(receiver('t-0'), receiver('t-1')), SENDER);
  expect(set.keys).toEqual(['reject-t-0', 'reject-t-1']);

  set.apply(config(receiver('t-0', 't', { priority: 9 }), receiver('t-2')), SENDER);
  expect(set.keys).toEqual(['reject-t-0', 'reject-t-2']);
  expect(opened.map(({ target, closed }) => [target.key, target.receiver.priority, closed])).toEqual([
    ['reject-t-0', 9, false],
    ['reject-t-1', 3, true],
    ['reject-t-2', 3, false],
  ]);
});

test('a receiver that becomes another kind gets another queue, because its rate is another', () => {
  const { set, opened } = openSet();
  set.apply(config(receiver('t-0')), SENDER);
  set.apply(config(receiver('t-0', 'slack')), SENDER);
  expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
});

test('receivers that the gateway serves have no queue', () => {
  const { set } = openSet();
  set.apply(config(receiver('t-0', 't', { failIfAlertSendingFails: true })), SENDER);
  expect(set.keys).toEqual([]);
});

test('a batch keeps the configuration that it began with', async () => {
  const { set, opened } = openSet();
  set.apply(config(receiver('t-0')), SENDER);
  const outlet = set.outlet();
  set.apply(config(), SENDER);
  await outlet.add('reject-t-0', []);
  expect(outlet.alerting.reject).toHaveLength(1);
  expect(opened[0]?.closed).toBe(true);
  await expect(set.outlet().add('reject-t-0', [])).rejects.toThrow(TypeError);
});

test('counts are those of all receivers', async () => {
  const { set } = openSet();
  set.apply(config(receiver('t-0'), receiver('t-1')), SENDER);
  expect([...(await set.counts()).keys()]).toEqual(['reject-t-0', 'reject-t-1']);
});

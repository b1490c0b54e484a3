// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import type { DecisionRecord } from '#contracts';
import { silentLogger } from '#observability';
import { aDenial, anAdmission, VirtualCluster } from '#testing';

import { InMemoryDetectionMemory } from '../detection-memory.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { InMemoryEventCounts } from './event-counts.js';
import { EventWriter } from './event-writer.js';
import { OwnerLookup } from './owner-lookup.js';
import { PatientApi } from './patient-api.js';

const NOW = aDenial().time + 1000;
const OWNER = { kind: 'ReplicaSet', name: 'api-7d9', uid: 'rs-1' };
const EVENTS = /^\/apis\/events\.k8s\.io\/v1\/namespaces\/([^/]+)\/events\/connaisseur\.[0-9a-f]{32}$/;

/** An Event as far as the tests look. */
interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: Readonly<Record<string, string>>;
  readonly related?: Readonly<Record<string, string>>;
  readonly series?: { readonly count: number };
}

/** A writer over a cluster in memory. */
class Desk {
  readonly cluster = new VirtualCluster();
  readonly registry = new Registry();
  readonly waits: number[] = [];
  readonly stop = new AbortController();
  now = NOW;
  readonly #writer: EventWriter;

  constructor() {
    const api = this.cluster.api();
    const metrics = new ClusterMetrics(this.registry);
    const now = (): number => this.now;
    const sleep = (ms: number): Promise<void> => {
      this.waits.push(ms);
      this.now += ms;
      if (this.waits.length === 3) this.cluster.behave();
      return Promise.resolve();
    };
    this.#writer = new EventWriter({
      api,
      owners: new OwnerLookup(api),
      counts: new InMemoryEventCounts(),
      memory: new InMemoryDetectionMemory(now),
      patience: new PatientApi({ what: 'events', metrics, logger: silentLogger, now, sleep }),
      metrics,
      instance: 'alerting-0',
      now,
    });
  }

  async take(...records: readonly DecisionRecord[]): Promise<void> {
    const batch = records.map((record, index) => ({ id: `1-0-${index}`, record }));
    await this.#writer.take(batch, this.stop.signal);
  }

  get events(): readonly SeenEvent[] {
    // The test's own view of what it wrote.
    return this.cluster
      .paths()
      .filter((path) => EVENTS.test(path))
      .map((path) => this.cluster.at(path) as unknown as SeenEvent);
  }

  async results(): Promise<Record<string, number>> {
    const metric = await this.registry.getSingleMetric('connaisseur_kubernetes_events_total')?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels['result'], value]));
  }
}

test.for<{
  name: string;
  record: DecisionRecord;
  regarding?: object;
  related?: object | undefined;
  more?: object;
}>([
  {
    name: 'what somebody creates is told to the namespace',
    record: aDenial({ kind: 'Deployment', name: 'api' }),
    regarding: { kind: 'Namespace', name: 'shop', namespace: 'shop' },
    related: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', namespace: 'shop' },
    more: { type: 'Warning', reason: 'ImageVerificationFailed', action: 'Deny' },
  },
  {
    name: 'what exists hears of it itself',
    record: aDenial({ operation: 'UPDATE', kind: 'Deployment', name: 'api', objectUid: 'd-1' }),
    regarding: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: 'd-1' },
    related: undefined,
  },
  {
    name: 'a UID that was never to be is named nowhere',
    record: aDenial({ phase: 'validate', objectUid: 'p-1' }),
    regarding: { kind: 'Namespace' },
    related: { apiVersion: 'v1', kind: 'Pod', name: 'api-7d9', namespace: 'shop' },
  },
  {
    name: 'what a controller makes is told to the controller',
    record: aDenial({ name: 'api-7d9-', owner: OWNER }),
    regarding: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'api-7d9', uid: 'rs-1', namespace: 'shop' },
    related: { kind: 'Pod', name: 'api-7d9-' },
  },
  {
    name: 'what we could not find out has another reason',
    record: aDenial({ result: 'undecided', code: 'CNS-2001' }),
    more: { reason: 'ImageVerificationUnavailable' },
  },
  {
    name: 'detection mode says that nothing was denied',
    record: aDenial({ allowed: true, mode: 'detect' }),
    more: { action: 'WouldDeny', note: expect.stringContaining('would be denied') },
  },
])('$name', async ({ record, regarding = {}, more = {}, ...rest }) => {
  const desk = new Desk();
  await desk.take(record);
  const [event, ...others] = desk.events;
  expect(others).toEqual([]);
  expect(event).toMatchObject({ regarding, ...more });
  if ('related' in rest) {
    if (rest.related === undefined) expect(event?.related).toBeUndefined();
    else expect(event?.related).toMatchObject(rest.related);
  }
  expect(event?.note).toContain('CNS-');
  expect(await desk.results()).toEqual({ written: 1 });
});

test.for([
  { name: 'a dry run', record: aDenial({ dryRun: true }), results: {} },
  { name: 'a review without a namespace', record: aDenial({ namespace: '' }), results: { dropped: 1 } },
  { name: 'K27 a namespace that is a path', record: aDenial({ namespace: '../x' }), results: { dropped: 1 } },
])('no Event about $name', async ({ record, results }) => {
  const desk = new Desk();
  await desk.take(record);
  expect(desk.cluster.requests).toEqual([]);
  expect(await desk.results()).toEqual(results);
});

test('the Deployment of a ReplicaSet hears of its pods too, and not that of another UID', async () => {
  const desk = new Desk();
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: 'd-1', controller: true };
  const replicaSet = await desk.cluster.api().create(
    { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'api-7d9', namespace: 'shop', ownerReferences: [owner] },
    },
    AbortSignal.timeout(1000),
  );
  await desk.take(aDenial({ owner: { ...OWNER, uid: replicaSet.uid } }));
  expect(desk.events.map(({ regarding }) => regarding['kind'])).toEqual(['ReplicaSet', 'Deployment']);
  expect(desk.events[1]?.regarding['uid']).toBe('d-1');
  await desk.take(aDenial({ uid: 'u2', owner: { ...OWNER, uid: 'somebody-elses' } }));
  expect(desk.events.filter(({ regarding }) => regarding['kind'] === 'Deployment')).toHaveLength(1);
});

test('what repeats is one Event with a count, and the same record again is not counted', async () => {
  const desk = new Desk();
  for (const uid of ['a', 'b', 'b', 'c']) await desk.take(aDenial({ uid }));
  expect(desk.events.map(({ series }) => series?.count)).toEqual([3]);
  expect(await desk.results()).toEqual({ written: 4 });
  for (let index = 0; index < 20; index += 1) await desk.take(aDenial({ uid: `more-${index}` }));
  // Counts between are in the next one that is written.
  const patches = desk.cluster.requests.filter(({ method }) => method === 'PATCH').length;
  expect(patches).toBeLessThanOrEqual(4);
  desk.now += 60_000;
  await desk.take(aDenial({ uid: 'last' }));
  expect(desk.events.map(({ series }) => series?.count)).toEqual([24]);
});

test('an Event that ran out is made anew', async () => {
  const desk = new Desk();
  await desk.take(aDenial({ uid: 'a' }));
  desk.cluster.fail({ method: 'PATCH', path: /events/, status: 404, times: 1 });
  await desk.take(aDenial({ uid: 'b' }));
  expect(await desk.results()).toEqual({ written: 2 });
});

test('what /validate finds again in detection mode is told once', async () => {
  const desk = new Desk();
  const found = { allowed: true, mode: 'detect' } as const;
  await desk.take(
    aDenial({ ...found, uid: 'a' }),
    aDenial({ ...found, uid: 'b', phase: 'validate' }),
    aDenial({ ...found, uid: 'c', phase: 'validate', code: 'CNS-1003' }),
  );
  expect(desk.events).toHaveLength(2);
  expect(desk.events.map(({ series }) => series)).toEqual([undefined, undefined]);
});

test('a flooded namespace is cut off, and another is not', async () => {
  const desk = new Desk();
  const flood = Array.from({ length: 80 }, (_, index) => aDenial({ uid: `u${index}`, code: `CNS-${index}` }));
  await desk.take(...flood, aDenial({ uid: 'other', namespace: 'quiet' }));
  expect(await desk.results()).toEqual({ written: 51, dropped: 30 });
});

test.for([
  { name: 'away, then back', status: 503, waits: [1000, 2000, 4000], results: { written: 1 } },
  {
    name: 'an identity that is refused for a while',
    status: 401,
    waits: [1000, 2000, 4000],
    results: { written: 1 },
  },
  { name: 'no right to it', status: 403, waits: [], results: { failed: 1 } },
  { name: 'an Event that it does not take', status: 422, waits: [], results: { failed: 1 } },
  { name: 'a namespace that is gone', status: 404, waits: [], results: { failed: 1 } },
])('an API server: $name', async ({ status, waits, results }) => {
  const desk = new Desk();
  desk.cluster.fail({ path: /events/, status });
  await desk.take(aDenial());
  expect(desk.waits).toEqual(waits);
  expect(await desk.results()).toEqual(results);
});

test('what an Event would say too late is dropped', async () => {
  const desk = new Desk();
  desk.now = NOW + 2 * 3_600_000;
  await desk.take(aDenial());
  expect(desk.events).toEqual([]);
  expect(await desk.results()).toEqual({ dropped: 1 });
});

test('F21: a record that no code understands does not stop those behind it', async () => {
  const desk = new Desk();
  // What a broken lookup would throw, whatever the API server says.
  desk.cluster.handle = () => {
    throw new TypeError('broken');
  };
  await desk.take(aDenial({ uid: 'a' }), aDenial({ uid: 'b', namespace: 'other' }));
  expect(await desk.results()).toEqual({ failed: 2 });
});

test('who is told to stop while the API server is away leaves the batch for others', async () => {
  const desk = new Desk();
  desk.stop.abort();
  await expect(desk.take(aDenial())).rejects.toBe(desk.stop.signal.reason);
  expect(desk.cluster.requests).toEqual([]);
});

test('P19: whatever a record says, an Event is one that the API server takes', async () => {
  const desk = new Desk();
  const hostile = '\u001b[2J\u202e\ud800'.repeat(80) + 'ü'.repeat(4000);
  await desk.take(
    aDenial({
      name: hostile.slice(0, 256),
      kind: hostile.slice(0, 64),
      message: hostile.slice(0, 1024),
      images: anAdmission().images.map((image) => ({
        ...image,
        image: hostile.slice(0, 600),
        outcome: 'refused',
      })),
    }),
  );
  const [event] = desk.events;
  expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(1024);
  expect(event?.note).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.stringify(event)).toMatch(/^[\x20-\x7e]+$/);
});

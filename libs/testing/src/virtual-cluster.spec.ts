import { expect, test } from 'vitest';

import { KINDS, KubernetesError, type KubernetesApi, orAbsent } from '#kubernetes';

import { VirtualCluster } from './virtual-cluster.js';

const signal = new AbortController().signal;
const PLACE = { kind: KINDS.secret, namespace: 'shop', name: 'a' };
const MANAGER = { fieldManager: 'test' };
const aSecret = (data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'a', namespace: 'shop' },
  data,
});

const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'fine',
    (error: unknown) => (error instanceof KubernetesError ? error.reason : error),
  );

test.for<{ name: string; call: (api: KubernetesApi, version: string) => Promise<unknown>; reason: string }>([
  { name: 'creates once', call: (api) => api.create(KINDS.secret, aSecret(), signal), reason: 'conflict' },
  { name: 'reads what is there', call: (api) => api.get(PLACE, signal), reason: 'fine' },
  {
    name: 'knows nothing else',
    call: (api) => api.get({ ...PLACE, name: 'b' }, signal),
    reason: 'not-found',
  },
  {
    name: 'patches the version it was asked for',
    call: (api, resourceVersion) => api.patch(PLACE, { metadata: { resourceVersion } }, MANAGER, signal),
    reason: 'fine',
  },
  {
    name: 'refuses a patch of an older version',
    call: (api) => api.patch(PLACE, { metadata: { resourceVersion: '1' } }, MANAGER, signal),
    reason: 'conflict',
  },
  {
    name: 'deletes only the object that was meant',
    call: (api) => api.delete(PLACE, { uid: 'another' }, signal),
    reason: 'conflict',
  },
  {
    name: 'refuses a name that would leave its place',
    call: (api) => api.get({ ...PLACE, name: '../configmaps/a' }, signal),
    reason: 'invalid',
  },
])('the virtual cluster $name', async ({ call, reason }) => {
  const api = new VirtualCluster().api();
  const { resourceVersion } = await api.create(KINDS.secret, aSecret({ x: 'eA==' }), signal);
  expect(await reasonOf(call(api, resourceVersion))).toBe(reason);
});

test('server-side apply keeps what others wrote and takes away what the manager no longer names', async () => {
  const api = new VirtualCluster().api();
  await api.apply(PLACE, aSecret({ ours: 'eA==', gone: 'eA==' }), MANAGER, signal);
  await api.patch(PLACE, { data: { theirs: 'eQ==' } }, { fieldManager: 'other' }, signal);
  const first = await api.apply(PLACE, aSecret({ ours: 'eg==' }), MANAGER, signal);
  expect(first.body['data']).toEqual({ ours: 'eg==', theirs: 'eQ==' });
  const second = await api.apply(PLACE, aSecret({ ours: 'eg==' }), MANAGER, signal);
  expect(second.resourceVersion).toBe(first.resourceVersion);
});

test('a watch tells each change after its version, and only of what was selected', async () => {
  const cluster = new VirtualCluster();
  const api = cluster.api();
  const { resourceVersion } = await api.list(KINDS.secret, {}, signal);
  await api.create(KINDS.secret, aSecret(), signal);
  await api.delete(PLACE, {}, signal);
  const told: string[] = [];
  const query = { namespace: 'shop', fieldSelector: 'metadata.name=a', resourceVersion };
  for await (const { type, object } of api.watch(KINDS.secret, query, signal)) {
    told.push(`${type} ${object.name}`);
    if (told.length === 2) break;
  }
  expect(told).toEqual(['ADDED a', 'DELETED a']);
  expect(await orAbsent(api.get(PLACE, signal))).toBeUndefined();
});

test('lists by label and namespace, and gives the cluster an identity', async () => {
  const api = new VirtualCluster().api();
  const secret = aSecret();
  await api.create(KINDS.secret, { ...secret, metadata: { ...secret.metadata, labels: { a: 'b' } } }, signal);
  const find = async (query: object): Promise<number> =>
    (await api.list(KINDS.secret, query, signal)).items.length;
  expect(await find({ labelSelector: 'a=b' })).toBe(1);
  expect(await find({ labelSelector: 'a=c' })).toBe(0);
  expect(await find({ namespace: 'other' })).toBe(0);
  expect(await api.clusterId(signal)).toMatch(/^[0-9a-f-]{36}$/);
});

test('goes wrong on request', async () => {
  const cluster = new VirtualCluster();
  cluster.fail({ method: 'GET', path: /secrets/, status: 503, times: 1 });
  expect(await reasonOf(cluster.api().get(PLACE, signal))).toBe('unreachable');
  expect(await reasonOf(cluster.api().get(PLACE, signal))).toBe('not-found');
});

test('custom kinds are there while they are served', async () => {
  const cluster = new VirtualCluster();
  const api = cluster.api();
  const signal = AbortSignal.timeout(5_000);
  const manifest = {
    apiVersion: 'openreports.io/v1alpha1',
    kind: 'Report',
    metadata: { name: 'r', namespace: 'shop' },
  };
  const create = (): Promise<unknown> => api.create(KINDS.openReport, manifest, signal);
  expect(await api.serves(KINDS.openReport, signal)).toBe(false);
  await expect(create()).rejects.toMatchObject({ reason: 'not-found' });
  cluster.serve(KINDS.openReport);
  expect(await api.serves(KINDS.openReport, signal)).toBe(true);
  expect(await api.serves(KINDS.policyReport, signal)).toBe(false);
  await expect(create()).resolves.toMatchObject({ name: 'r', namespace: 'shop' });
  cluster.withdraw(KINDS.openReport);
  expect(await api.serves(KINDS.openReport, signal)).toBe(false);
});

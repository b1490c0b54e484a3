import { describe, expect, test } from 'vitest';

import { VirtualCluster } from '#testing';

import { KINDS, type KubernetesError, LiveOwners, NamespaceLabels, type OwnerName } from './index.js';

const { signal } = new AbortController();

interface World {
  readonly cluster: VirtualCluster;
  readonly owner: OwnerName;
  readonly failures: string[];
  readonly clock: { ms: number };
}

async function world(): Promise<World> {
  const cluster = new VirtualCluster();
  const metadata = { name: 'web', namespace: 'default' };
  const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
  const { uid } = await cluster.api().create(KINDS.deployment, manifest, signal);
  cluster.requests.length = 0;
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web', uid };
  return { cluster, owner, failures: [], clock: { ms: 0 } };
}

function ownersOf({ cluster, failures, clock }: World): LiveOwners {
  const onFailure = ({ reason }: KubernetesError): void => void failures.push(reason);
  return new LiveOwners({ api: cluster.api(), monotonic: () => clock.ms, onFailure });
}

describe('an owner', () => {
  test.for<{ name: string; over: Partial<OwnerName>; found: boolean; asked: boolean }>([
    { name: 'that lives', over: {}, found: true, asked: true },
    { name: 'K26 with another UID', over: { uid: 'x' }, found: false, asked: true },
    { name: 'K23 that is not there', over: { name: 'x' }, found: false, asked: true },
    { name: 'K26 in another namespace', over: { namespace: 'kube-system' }, found: false, asked: true },
    { name: 'K16 of a kind that nobody asks for', over: { kind: 'Rollout' }, found: false, asked: false },
    { name: 'K16 of another group', over: { apiVersion: 'evil.example/v1' }, found: false, asked: false },
    { name: 'K27 whose name is a path', over: { name: '../secrets/x' }, found: false, asked: false },
  ])('$name', async ({ over, found, asked }) => {
    const parts = await world();
    const live = await ownersOf(parts).find({ ...parts.owner, ...over }, signal);
    expect(live?.['kind']).toBe(found ? 'Deployment' : undefined);
    expect(parts.cluster.requests.length > 0).toBe(asked);
  });

  test.for([
    { name: 'K30 not allowed', status: 403, failures: ['forbidden'] },
    { name: 'K30 an API server that fails', status: 500, failures: ['unreachable'] },
  ])('$name', async ({ status, failures }) => {
    const parts = await world();
    parts.cluster.fail({ path: /deployments/, status });
    expect(await ownersOf(parts).find(parts.owner, signal)).toBeUndefined();
    expect(parts.failures).toEqual(failures);
  });

  test('is read once for all its children, and again after a moment', async () => {
    const parts = await world();
    const owners = ownersOf(parts);
    await Promise.all(Array.from({ length: 20 }, () => owners.find(parts.owner, signal)));
    await owners.find(parts.owner, signal);
    expect(parts.cluster.requests).toHaveLength(1);
    parts.clock.ms = 2_001;
    await owners.find(parts.owner, signal);
    expect(parts.cluster.requests).toHaveLength(2);
  });

  test('that is not there is asked for again', async () => {
    const parts = await world();
    const owners = ownersOf(parts);
    await owners.find({ ...parts.owner, name: 'later' }, signal);
    await owners.find({ ...parts.owner, name: 'later' }, signal);
    expect(parts.cluster.requests).toHaveLength(2);
  });

  test('nothing for a caller who has gone', async () => {
    const parts = await world();
    expect(await ownersOf(parts).find(parts.owner, AbortSignal.abort())).toBeUndefined();
    expect(parts.failures).toEqual([]);
  });

  test('more than a few dozen questions at once are not asked', async () => {
    const parts = await world();
    const owners = ownersOf(parts);
    const names = Array.from({ length: 40 }, (_, index) => ({ ...parts.owner, name: `web-${index}` }));
    await Promise.all(names.map((owner) => owners.find(owner, signal)));
    expect(parts.cluster.requests).toHaveLength(32);
    expect(parts.failures).toHaveLength(8);
  });
});

test('labels of a namespace, and none where there is no namespace', async () => {
  const parts = await world();
  const metadata = { name: 'trial', labels: { stage: 'trial' } };
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata };
  await parts.cluster.api().create(KINDS.namespace, manifest, signal);
  const failures: string[] = [];
  const labels = new NamespaceLabels({
    api: parts.cluster.api(),
    monotonic: () => 0,
    onFailure: ({ reason }) => void failures.push(reason),
  });
  expect(await labels.of('trial', signal)).toEqual(new Map([['stage', 'trial']]));
  expect(await labels.of('none', signal)).toBeUndefined();
  parts.cluster.fail({ path: /namespaces/, status: 403 });
  expect(await labels.of('kube-system', signal)).toBeUndefined();
  expect(failures).toEqual(['forbidden']);
});

// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  ADMITTED_KEYS,
  createRedis,
  decisionVerifier,
  generateBusKeys,
  readBusKeys,
  type RedisConnection,
  RedisAdmittedWorkloads,
  RedisDecisionSource,
  workloadSigner,
  workloadVerifier,
} from '#bus';
import type { AdmittedWorkload, DecisionRecord } from '#contracts';
import { KINDS } from '#kubernetes';
import { CosignSigner, pushImage, pushLegacySignature, VirtualApiServer, VirtualRegistry } from '#testing';
import { readDirectory } from '../../apps/cli/src/read-directory.js';

import { type Answer, renderedConfiguration, System } from './system.js';

const BY = 'system:serviceaccount:kube-system:';
const { signal } = new AbortController();

let registry: VirtualRegistry;
let api: VirtualApiServer;
let system: System;
let admin: RedisConnection;
/** Signed, by digest. */
let image: string;
/** The Deployment and the ReplicaSet that were admitted while the registry was there. */
let deployment: Owner;
let replicaSet: Owner;

interface Owner {
  readonly kind: 'Deployment' | 'ReplicaSet';
  readonly name: string;
  readonly uid: string;
}

type Json = Readonly<Record<string, unknown>>;

beforeAll(async () => {
  registry = await VirtualRegistry.start();
  api = await VirtualApiServer.start();
  const team = new CosignSigner('P-256');
  const { digest } = await pushImage(registry.content, 'app', { tag: 'v1', content: 'app' });
  const layer = team.signLegacy({ digest, repository: `${registry.host}/app` });
  await pushLegacySignature(registry.content, 'app', digest, [layer]);
  image = `${registry.host}/app:v1@${digest}`;
  system = await System.prepare({
    values: renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem }),
    kubeconfig: api.kubeconfig(),
  });
  admin = createRedis({ url: system.redis.url }, 'patient');
  await Promise.all([system.start('gateway'), system.start('verifier')]);

  deployment = await made('Deployment', 'web');
  expect(await validate(ownerReview(deployment, 'developer'))).toMatchObject({ allowed: true });
  replicaSet = await made('ReplicaSet', 'web-1');
  const review = ownerReview(replicaSet, `${BY}deployment-controller`, [reference(deployment)]);
  expect(await validate(review)).toMatchObject({ allowed: true });
  await system.until(async () => (await admin.keys(`${ADMITTED_KEYS}*`)).length === 2, 'two records');
  // From here on nothing can be proven again: no memory, no shared verdicts, no registry.
  await registry.stop();
  await forget();
}, 60_000);

afterAll(async () => {
  admin?.disconnect();
  await system?.stop();
  await api?.stop();
});

/** A gateway and verifiers that remember nothing. */
async function forget(): Promise<void> {
  await Promise.all([system.kill('gateway', 'SIGTERM'), system.kill('verifier', 'SIGTERM')]);
  const shared = await admin.keys('connaisseur:cache:*');
  if (shared.length > 0) await admin.del(...shared);
  await Promise.all([system.start('gateway'), system.start('verifier')]);
}

const template = (text: string, name = 'app'): Json => ({
  template: { spec: { containers: [{ name, image: text }] } },
});

/** An object in the cluster, as the API server has it after its creation. */
async function made(kind: Owner['kind'], name: string, text = image, namespace = 'shop'): Promise<Owner> {
  const resource = kind === 'Deployment' ? KINDS.deployment : KINDS.replicaSet;
  const manifest = { apiVersion: 'apps/v1', kind, metadata: { name, namespace }, spec: template(text) };
  const { uid } = await api.cluster.api().create(resource, manifest, signal);
  return { kind, name, uid };
}

function reference({ kind, name, uid }: Owner, over: Json = {}): Json {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: true, ...over };
}

function ownerReview({ kind, name, uid }: Owner, user: string, ownerReferences: readonly Json[] = []): Json {
  return {
    kind: { group: 'apps', version: 'v1', kind },
    resource: {
      group: 'apps',
      version: 'v1',
      resource: kind === 'Deployment' ? 'deployments' : 'replicasets',
    },
    userInfo: { username: user },
    object: {
      apiVersion: 'apps/v1',
      kind,
      metadata: { name, namespace: 'shop', uid, ownerReferences },
      spec: template(image),
    },
  };
}

/** A Pod as the ReplicaSet's controller makes it, and what an attacker changes about it. */
function podReview(over: { request?: Json; reference?: Json; container?: Json } = {}): Json {
  return {
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    userInfo: { username: `${BY}replicaset-controller` },
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'web-1-', ownerReferences: [reference(replicaSet, over.reference)] },
      spec: { containers: [{ name: 'app', image, ...over.container }] },
    },
    ...over.request,
  };
}

async function post(phase: 'mutate' | 'validate', request: Json): Promise<Answer> {
  const uid = randomUUID();
  const common = { uid, namespace: 'shop', name: '', operation: 'CREATE', dryRun: false };
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...common, ...request },
  };
  const answer = await system.post(`/${phase}?timeout=5s`, JSON.stringify(body));
  return (JSON.parse(answer.body) as { response: Answer }).response;
}

const validate = (request: Json): Promise<Answer> => post('validate', request);
const mutate = (request: Json): Promise<Answer> => post('mutate', request);

async function recordOf({ uid }: Answer): Promise<DecisionRecord> {
  const keys = (): ReturnType<typeof readBusKeys> =>
    readBusKeys(readDirectory(join(system.directory, 'keys', 'watch')));
  const source = new RedisDecisionSource({
    redis: admin,
    connect: () => createRedis({ url: system.redis.url }, 'blocking'),
    trust: { cluster: 'system-test', verifier: decisionVerifier(() => keys().decisions) },
    observe: () => undefined,
    now: () => performance.now(),
  });
  let record: DecisionRecord | undefined;
  await system.until(async () => {
    const { decisions } = await source.history({ limit: 500 }, signal);
    record = decisions.find((stored) => stored.record.uid === uid)?.record;
    return record !== undefined;
  }, `the decision ${uid}`);
  if (record === undefined) throw new TypeError('expected a record');
  return record;
}

/** What gateways write, with keys of one's choice. */
function recordsBy(keysOf: () => ReturnType<typeof readBusKeys>): RedisAdmittedWorkloads {
  return new RedisAdmittedWorkloads({
    redis: admin,
    cluster: 'system-test',
    signer: workloadSigner(() => keysOf().decisions),
    verifier: workloadVerifier(() => keysOf().decisions),
    now: Date.now,
    observe: () => undefined,
  });
}

const gatewayKeys = (): ReturnType<typeof readBusKeys> =>
  readBusKeys(readDirectory(join(system.directory, 'keys', 'gateway')));

describe('without registry, memory and shared verdicts', () => {
  test('the chain that real controllers make goes on, on the ground child', async () => {
    const review = ownerReview(replicaSet, `${BY}deployment-controller`, [reference(deployment)]);
    // A gateway that has just started may not have its ways to Redis and the API server yet.
    await system.until(async () => (await mutate(review)).allowed, 'the chain goes on');
    const set = await mutate(review);
    expect(set).toMatchObject({ allowed: true });
    expect(set.patch).toBeUndefined();
    for (const phase of ['mutate', 'validate'] as const) {
      const pod = await post(phase, podReview());
      expect(pod, pod.status?.message).toMatchObject({ allowed: true });
      const { images } = await recordOf(pod);
      expect(images).toMatchObject([{ ground: 'child', validator: { name: 'team' }, rule: { index: 2 } }]);
    }
    expect(await system.metric('gateway', 'connaisseur_child_approvals_total', 'approved')).toBeGreaterThan(
      2,
    );
    const skipped = 'reason="automatic approval of child image reference"';
    expect(await system.metric('gateway', 'connaisseur_validations_skipped_total', skipped)).toBeGreaterThan(
      1,
    );
  });

  test.for([
    { name: 'K25 by a user', over: () => ({ request: { userInfo: { username: 'developer' } } }) },
    {
      name: 'K25 by another controller',
      over: () => ({ request: { userInfo: { username: `${BY}job-controller` } } }),
    },
    {
      name: 'K25 by the controller of another namespace',
      over: () => ({
        request: { userInfo: { username: 'system:serviceaccount:shop:replicaset-controller' } },
      }),
    },
    { name: 'K26 with another UID', over: () => ({ reference: { uid: randomUUID() } }) },
    { name: 'K26 with the UID of another owner', over: () => ({ reference: { uid: deployment.uid } }) },
    { name: 'K25 without controller: true', over: () => ({ reference: { controller: false } }) },
    { name: 'K23 with an owner that is not there', over: () => ({ reference: { name: 'web-2' } }) },
    { name: 'K27 with a path for a name', over: () => ({ reference: { name: '../replicasets/web-1' } }) },
    {
      name: 'K16 with an owner of a kind that nobody built in',
      over: () => ({ reference: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' } }),
    },
    { name: 'K26 in another namespace', over: () => ({ request: { namespace: 'web' } }) },
    { name: 'K32 in another container', over: () => ({ container: { name: 'privileged' } }) },
    {
      name: 'K29 with the tag instead of the digest',
      over: () => ({ container: { image: image.slice(0, image.indexOf('@')) } }),
    },
    {
      name: 'K24 with another digest',
      over: () => ({
        container: { image: `${image.slice(0, image.indexOf('@'))}@sha256:${'e'.repeat(64)}` },
      }),
    },
  ])('a hand-made owner reference $name is worth nothing', async ({ over }) => {
    const answer = await mutate(podReview(over()));
    expect(answer.allowed).toBe(false);
    const { images } = await recordOf(answer);
    expect(images.map(({ outcome, ground }) => [outcome, ground])).toEqual([['undecided', undefined]]);
  });
});

describe('owners that vouch for nothing', () => {
  const childOf = (owner: Owner): Json => podReview({ reference: { ...reference(owner) } });

  test('K28 one that was there before us', async () => {
    expect((await mutate(childOf(await made('ReplicaSet', 'old')))).allowed).toBe(false);
  });

  test('K42 one that was admitted in a dry-run, and later in earnest', async () => {
    const owner = await made('ReplicaSet', 'dry');
    const review = ownerReview(owner, `${BY}deployment-controller`, [reference(deployment)]);
    expect(await validate({ ...review, dryRun: true })).toMatchObject({ allowed: true });
    expect((await mutate(childOf(owner))).allowed).toBe(false);
    expect(await validate(review)).toMatchObject({ allowed: true });
    await system.until(async () => (await mutate(childOf(owner))).allowed, 'its child is admitted');
  });

  test('one that /mutate alone has seen', async () => {
    const owner = await made('ReplicaSet', 'unseen');
    const review = ownerReview(owner, `${BY}deployment-controller`, [reference(deployment)]);
    expect(await mutate(review)).toMatchObject({ allowed: true });
    expect((await mutate(childOf(owner))).allowed).toBe(false);
  });

  test('K24 one whose image was changed behind our back', async () => {
    const owner = await made('ReplicaSet', 'changed');
    await validate(ownerReview(owner, `${BY}deployment-controller`, [reference(deployment)]));
    const place = { kind: KINDS.replicaSet, namespace: 'shop', name: 'changed' };
    await api.cluster
      .api()
      .patch(place, { spec: template(`${image.slice(0, -1)}0`) }, { fieldManager: 'x' }, signal);
    expect((await mutate(childOf(owner))).allowed).toBe(false);
  });

  test('K23 one that is deleted, and one that has its name since', async () => {
    const owner = await made('ReplicaSet', 'gone');
    await validate(ownerReview(owner, `${BY}deployment-controller`, [reference(deployment)]));
    const place = { kind: KINDS.replicaSet, namespace: 'shop', name: 'gone' };
    await api.cluster.api().delete(place, {}, signal);
    expect((await mutate(childOf(owner))).allowed).toBe(false);
    await made('ReplicaSet', 'gone');
    expect((await mutate(childOf(owner))).allowed).toBe(false);
  });

  const workload = (owner: Owner, like: AdmittedWorkload): AdmittedWorkload => ({ ...like, uid: owner.uid });

  test('one with a record that somebody wrote into Redis', async () => {
    const owner = await made('ReplicaSet', 'forged');
    const like = await recordsBy(gatewayKeys).get({ namespace: 'shop', uid: replicaSet.uid }, signal);
    if (like === undefined) throw new TypeError('expected the record of the admitted owner');
    const stranger = readBusKeys(generateBusKeys('x'));
    await recordsBy(() => stranger).put(workload(owner, like));
    expect((await mutate(childOf(owner))).allowed).toBe(false);
    expect(await system.metric('gateway', 'connaisseur_admitted_workloads_events_total', 'forged')).toBe(1);
    // The same record by a gateway's own key is believed: the test forges the right thing.
    await recordsBy(gatewayKeys).put(workload(owner, like));
    expect((await mutate(childOf(owner))).allowed).toBe(true);
  });

  test('one with the genuine record of another owner', async () => {
    const owner = await made('ReplicaSet', 'copied');
    await recordsBy(gatewayKeys).put({
      namespace: 'shop',
      uid: owner.uid,
      trustRevision: '0'.repeat(64),
      until: Date.now() + 60_000,
      images: [{ path: 'containers/app', image, rule: '0'.repeat(64) }],
    });
    expect((await mutate(childOf(owner))).allowed).toBe(false);
  });
});

describe('what the shortcut needs', () => {
  beforeEach(() => api.cluster.behave());

  test.for([
    { name: 'K30 the API server says no', status: 403 },
    { name: 'K30 the API server fails', status: 500 },
  ])('$name', async ({ status }) => {
    const owner = await made('ReplicaSet', `read-${status}`);
    await validate(ownerReview(owner, `${BY}deployment-controller`, [reference(deployment)]));
    const child = podReview({ reference: { ...reference(owner) } });
    api.cluster.fail({ path: /replicasets/, status });
    expect((await mutate(child)).allowed).toBe(false);
    api.cluster.behave();
    expect((await mutate(child)).allowed).toBe(true);
  });

  test('another rule ends the records', async () => {
    const file = join(system.directory, 'config', 'config.yaml');
    const before = readFileSync(file, 'utf8');
    const hash = await revisionOf();
    writeFileSync(
      file,
      before.replace('    validator: team\n', '    validator: team\n    namespaces: [shop]\n'),
    );
    await system.until(async () => (await revisionOf()) !== hash, 'the new configuration');
    expect((await mutate(podReview())).allowed).toBe(false);
    writeFileSync(file, before);
    await system.until(async () => (await revisionOf()) === hash, 'the old configuration');
    expect((await mutate(podReview())).allowed).toBe(true);
  });

  test('Redis that is down', async () => {
    await system.redis.kill();
    expect((await mutate(podReview())).allowed).toBe(false);
  });
});

async function revisionOf(): Promise<string> {
  const answer = await mutate(podReview());
  const annotations = (answer as Answer & { auditAnnotations?: Readonly<Record<string, string>> })
    .auditAnnotations;
  return annotations?.['config-hash'] ?? '';
}

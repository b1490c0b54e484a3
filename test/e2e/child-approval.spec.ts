// What real controllers make of an admitted object, and what an attacker writes by hand, on a real API server.
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { ADMITTED_KEYS, createRedis, type RedisConnection } from '#bus';
import { CosignSigner, pushImage, pushLegacySignature, VirtualRegistry } from '#testing';

import { renderedConfiguration, System } from '../integration/system.js';
import { type ControlPlane, startControlPlane } from '../interop/world/index.js';

const NAMESPACE = 'shop';

let plane: ControlPlane;
let registry: VirtualRegistry;
let system: System;
let redis: RedisConnection;
let image: string;

beforeAll(async () => {
  [plane, registry] = await Promise.all([startControlPlane(), VirtualRegistry.start()]);
  const team = new CosignSigner('P-256');
  const { digest } = await pushImage(registry.content, 'app', { tag: 'v1', content: 'app' });
  const layer = team.signLegacy({ digest, repository: `${registry.host}/app` });
  await pushLegacySignature(registry.content, 'app', digest, [layer]);
  image = `${registry.host}/app:v1`;
  system = await System.prepare({
    values: renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem }),
    kubeconfig: readFileSync(plane.kubeconfig, 'utf8'),
  });
  redis = createRedis({ url: system.redis.url }, 'patient');
  await Promise.all([system.start('gateway'), system.start('verifier')]);
  await plane.kubectl(['create', 'namespace', NAMESPACE]);
  for (const phase of ['mutate', 'validate'] as const) await apply(webhook(phase));
}, 120_000);

afterAll(async () => {
  redis?.disconnect();
  await Promise.all([system?.stop(), plane?.stop()]);
});

async function apply(manifest: unknown, ...flags: readonly string[]): Promise<string> {
  return await plane.kubectl(['apply', '-f', '-', ...flags], JSON.stringify(manifest));
}

const inShop = (...args: readonly string[]): Promise<string> => plane.kubectl(['-n', NAMESPACE, ...args]);

function webhook(phase: 'mutate' | 'validate'): unknown {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: phase === 'mutate' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name: 'connaisseur' },
    webhooks: [
      {
        name: 'connaisseur.connaisseur.svc',
        admissionReviewVersions: ['v1'],
        sideEffects: 'NoneOnDryRun',
        failurePolicy: 'Fail',
        timeoutSeconds: 10,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['deployments', 'replicasets'],
          },
        ],
        clientConfig: {
          url: `https://127.0.0.1:${system.gatewayPort}/${phase}`,
          caBundle: Buffer.from(system.ca).toString('base64'),
        },
      },
    ],
  };
}

const approved = (): Promise<number> =>
  system.metric('gateway', 'connaisseur_child_approvals_total', 'result="approved"');

test('a rollout leaves records, and what it makes later needs no registry', async () => {
  await inShop('create', 'deployment', 'web', `--image=${image}`, '--replicas=1');
  await inShop('rollout', 'status', 'deployment/web', '--timeout=60s');
  // The Deployment's and the ReplicaSet's: the API server gives an object its UID before the validating phase.
  await system.until(async () => (await redis.keys(`${ADMITTED_KEYS}*`)).length === 2, 'two records');

  await registry.stop();
  await Promise.all([system.kill('gateway', 'SIGTERM'), system.kill('verifier', 'SIGTERM')]);
  const shared = await redis.keys('connaisseur:cache:*');
  if (shared.length > 0) await redis.del(...shared);
  await Promise.all([system.start('gateway'), system.start('verifier')]);

  await inShop('scale', 'deployment/web', '--replicas=3');
  await inShop('rollout', 'status', 'deployment/web', '--timeout=60s');
  expect(await approved()).toBeGreaterThanOrEqual(2);
}, 120_000);

test('K25 a Pod that a user makes with the same owner and the same image is not approved', async () => {
  const [set] = (JSON.parse(await inShop('get', 'replicasets', '-o', 'json')) as Sets).items;
  if (set === undefined) throw new Error('expected the ReplicaSet of the Deployment');
  const before = await approved();
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: set.metadata.name,
    uid: set.metadata.uid,
    controller: true,
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'by-hand', namespace: NAMESPACE, ownerReferences: [controller] },
    spec: { containers: set.spec.template.spec.containers },
  };
  // kubectl asks again for as long as the registry is away; the first refusals are enough.
  await expect(apply(pod, '--request-timeout=3s')).rejects.toThrow();
  await expect(inShop('get', 'pod', 'by-hand')).rejects.toThrow(/NotFound/);
  expect(await approved()).toBe(before);
}, 60_000);

interface Sets {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly spec: { readonly template: { readonly spec: { readonly containers: unknown } } };
  }[];
}

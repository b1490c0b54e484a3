// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRedis, decisionVerifier, readBusKeys, RedisDecisionSource } from '#bus';
import type { DecisionRecord } from '#contracts';
import { KINDS } from '#kubernetes';
import { CosignSigner, pushImage, pushLegacySignature, VirtualApiServer, VirtualRegistry } from '#testing';
import { readDirectory } from '../../apps/cli/src/read-directory.js';

import { type Answer, patchOf, podReview, renderedConfiguration, runToEnd, System } from './system.js';

const { signal } = new AbortController();
let registry: VirtualRegistry;
let api: VirtualApiServer;
let system: System;
const host = (): string => registry.host;

beforeAll(async () => {
  registry = await VirtualRegistry.start();
  api = await VirtualApiServer.start();
  const team = new CosignSigner('P-256');
  for (const path of ['app', 'trial/app', 'signed']) {
    const { digest } = await pushImage(registry.content, path, { tag: 'v1', content: path });
    if (path !== 'signed') continue;
    const layer = team.signLegacy({ digest, repository: `${registry.host}/${path}` });
    await pushLegacySignature(registry.content, path, digest, [layer]);
  }
  const log = 'with: { verifyInTransparencyLog: false }';
  system = await System.prepare({
    kubeconfig: api.kubeconfig(),
    values: renderedConfiguration({
      host: registry.host,
      publicKey: team.key.publicKeyPem,
      features: `  - { pattern: "${registry.host}/trial/*:*", validator: team, insecureDetectOnly: true, ${log} }
  - { pattern: "${registry.host}/*:*", validator: allow, namespaces: [dev-*] }
features:
  namespacedValidation: { mode: ignore, insecureIgnoreNamespaces: [legacy-*] }
  insecureDetectOnlyIn:
    namespaces: [trial]
    namespaceSelector: { matchLabels: { stage: trial } }
`,
    }),
  });
  for (const [name, labels] of [
    ['labelled', { stage: 'trial' }],
    ['exempt', { 'securesystemsengineering.connaisseur/webhook': 'ignore' }],
  ] as const) {
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await api.cluster.api().create(KINDS.namespace, manifest, signal);
  }
  await Promise.all([system.start('gateway'), system.start('verifier')]);
}, 60_000);

afterAll(async () => {
  await system?.stop();
  await api?.stop();
  await registry?.stop();
});

interface Sent {
  readonly namespace?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

async function review(
  images: readonly string[],
  { namespace = 'shop', metadata = {} }: Sent = {},
): Promise<Answer> {
  const body = podReview(images) as { request: { namespace: string; object: { metadata: object } } };
  body.request.namespace = namespace;
  body.request.object.metadata = { name: 'web', namespace, ...metadata };
  const text = await system.post('/mutate?timeout=10s', JSON.stringify(body));
  return (JSON.parse(text.body) as { response: Answer }).response;
}

async function recordOf({ uid }: Answer): Promise<DecisionRecord> {
  const redis = createRedis({ url: system.redis.url }, 'patient');
  const source = new RedisDecisionSource({
    redis,
    connect: () => createRedis({ url: system.redis.url }, 'blocking'),
    trust: {
      cluster: 'system-test',
      verifier: decisionVerifier(
        () => readBusKeys(readDirectory(`${system.directory}/keys/watch`)).decisions,
      ),
    },
    observe: () => undefined,
    now: () => performance.now(),
  });
  let record: DecisionRecord | undefined;
  await system.until(async () => {
    const { decisions } = await source.history({ limit: 500 }, signal);
    record = decisions.find((stored) => stored.record.uid === uid)?.record;
    return record !== undefined;
  }, `the decision ${uid}`);
  redis.disconnect();
  if (record === undefined) throw new TypeError('expected a record');
  return record;
}

describe('an unsigned image', () => {
  const label = { 'securesystemsengineering.connaisseur/webhook': 'ignore', stage: 'trial' };
  test.for<{ name: string; sent: Sent; allowed: boolean; mode: string; wouldDeny?: boolean }>([
    { name: 'is denied', sent: {}, allowed: false, mode: 'enforce' },
    {
      name: 'is not looked at in an exempt namespace',
      sent: { namespace: 'legacy-1' },
      allowed: true,
      mode: 'ignored',
      wouldDeny: false,
    },
    {
      name: 'P08 is denied where the label should have kept it away',
      sent: { namespace: 'exempt' },
      allowed: false,
      mode: 'enforce',
    },
    {
      name: 'P08 is denied whatever its own labels say',
      sent: { metadata: { labels: label } },
      allowed: false,
      mode: 'enforce',
    },
    {
      name: 'K44 is denied whatever namespace it claims',
      sent: { metadata: { namespace: 'legacy-1' } },
      allowed: false,
      mode: 'enforce',
    },
    {
      name: 'P02 is let in by detection mode for a name',
      sent: { namespace: 'trial' },
      allowed: true,
      mode: 'detect',
    },
    {
      name: 'P02 is let in by detection mode for a label',
      sent: { namespace: 'labelled' },
      allowed: true,
      mode: 'detect',
    },
    {
      name: 'is denied in a namespace without the label',
      sent: { namespace: 'default' },
      allowed: false,
      mode: 'enforce',
    },
    {
      name: 'is denied in a namespace that nobody knows',
      sent: { namespace: 'unknown' },
      allowed: false,
      mode: 'enforce',
    },
  ])('$name', async ({ sent, allowed, mode, wouldDeny = true }) => {
    const answer = await review([`${host()}/app:v1`], sent);
    expect(answer.allowed).toBe(allowed);
    expect(await recordOf(answer)).toMatchObject({ allowed, mode, wouldDeny });
    if (mode === 'detect') expect(answer.warnings?.[0]).toMatch(/would be DENIED$/);
  });

  test('is enforced where labels cannot be read', async () => {
    api.cluster.fail({ path: /namespaces\/labelled-2$/, status: 500 });
    expect((await review([`${host()}/app:v1`], { namespace: 'labelled-2' })).allowed).toBe(false);
    api.cluster.behave();
  });

  test('is let in by another rule in the namespaces of that rule', async () => {
    const answer = await review([`${host()}/app:v1`], { namespace: 'dev-1' });
    expect(answer).toMatchObject({ allowed: true });
    expect((await recordOf(answer)).images).toMatchObject([{ ground: 'static', rule: { index: 4 } }]);
  });
});

describe('a rule in detection mode', () => {
  const pinned = /^.+\/signed:v1@sha256:[0-9a-f]{64}$/;
  test('lets its images in, and the others of the object are pinned', async () => {
    const answer = await review([`${host()}/trial/app:v1`, `${host()}/signed:v1`]);
    expect(answer.allowed).toBe(true);
    expect(answer.warnings?.[0]).toMatch(/^\[detection mode\]/);
    expect(
      patchOf(answer)
        .map(({ value }) => value)
        .at(-1),
    ).toMatch(pinned);
    expect(await recordOf(answer)).toMatchObject({ mode: 'detect', wouldDeny: true, allowed: true });
  });

  test('lets no other image in', async () => {
    const answer = await review([`${host()}/trial/app:v1`, `${host()}/app:v1`]);
    expect(answer.allowed).toBe(false);
    expect(answer.patch).toBeUndefined();
    expect(await recordOf(answer)).toMatchObject({ mode: 'enforce', allowed: false });
  });
});

test('D10 what weakens is visible in the metrics', async () => {
  for (const feature of [
    'namespacedValidation',
    'insecureIgnoreNamespaces',
    'insecureDetectOnlyIn',
    'insecureDetectOnly',
  ]) {
    expect(await system.metric('gateway', 'connaisseur_mode_info', `"${feature}"`)).toBe(1);
  }
  expect(await system.metric('gateway', 'connaisseur_decisions_total', 'mode="ignored"')).toBeGreaterThan(0);
});

test.for([
  { name: 'elsewhere', args: ['--namespace', 'shop'], rule: 2 },
  { name: 'by default', args: [], rule: 2 },
  { name: 'in a namespace of the rule', args: ['--namespace', 'dev-1'], rule: 4 },
])('explain chooses the rule $name', async ({ args, rule }) => {
  const policy = `${system.directory}/config/config.yaml`;
  const command = ['explain', `${host()}/app:v1`, '-p', policy, '--offline', '-o', 'json', ...args];
  const { stdout } = await runToEnd(command);
  const explained = JSON.parse(stdout) as { policy: { candidates: { index: number }[] } };
  expect(explained.policy.candidates[0]?.index).toBe(rule);
});

// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRedis, decisionVerifier, readBusKeys, RedisDecisionSource, type StoredDecision } from '#bus';
import {
  CosignSigner,
  pushBundle,
  pushImage,
  pushLegacySignature,
  VirtualReceiver,
  VirtualRegistry,
} from '#testing';
import { readDirectory } from '../../apps/cli/src/read-directory.js';

import { patchOf, renderedConfiguration, System } from './system.js';

let registry: VirtualRegistry;
let receiver: VirtualReceiver;
let system: System;
const team = new CosignSigner('P-256');
const stranger = new CosignSigner('P-256');
let serial = 0;

beforeAll(async () => {
  registry = await VirtualRegistry.start();
  receiver = await VirtualReceiver.start();
  system = await System.prepare({
    values: renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem }),
    alerting: `clusterIdentifier: system-test
admitRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/admit" }
rejectRequest:
  receivers:
    - { template: slack, receiverUrl: "${receiver.url}/reject-canary-s3cr3t" }
`,
  });
  await Promise.all([
    system.start('gateway'),
    system.start('alerting'),
    system.start('verifier', 'verifier-1'),
    system.start('verifier', 'verifier-2'),
  ]);
  await system.until(async () => (await verifiers()) === 2, 'two verifiers are on the bus');
});

afterAll(async () => {
  await system?.stop();
  await receiver?.close();
  await registry?.stop();
});

/** How many verifiers the gateway sees. */
async function verifiers(): Promise<number> {
  const response = await fetch(`${system.service('gateway').management}/ready`);
  const { bus } = (await response.json()) as { bus: { state: string; verifiers?: number } };
  return bus.state === 'up' ? (bus.verifiers ?? 0) : 0;
}

/** A new image in the registry: signed by the team, by somebody else, or by nobody. */
async function image(
  by: 'team' | 'stranger' | 'nobody',
  format: 'legacy' | 'bundle' = 'legacy',
): Promise<{ name: string; digest: string; path: string }> {
  serial += 1;
  const path = `app-${serial}`;
  const pushed = await pushImage(registry.content, path, { tag: 'v1', content: path });
  const signer = { team, stranger, nobody: undefined }[by];
  if (signer !== undefined && format === 'bundle') {
    await pushBundle(registry.content, path, pushed, signer.signBundle({ digest: pushed.digest }));
  } else if (signer !== undefined) {
    const layer = signer.signLegacy({ digest: pushed.digest, repository: `${registry.host}/${path}` });
    await pushLegacySignature(registry.content, path, pushed.digest, [layer]);
  }
  return { name: `${registry.host}/${path}:v1`, digest: pushed.digest, path };
}

/** Reads the decision stream as a dashboard would. */
async function decisionsOf(uids: readonly string[], ms = 10_000): Promise<StoredDecision[]> {
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
  let found: StoredDecision[] = [];
  await system.until(
    async () => {
      const page = await source.history({ limit: 500 }, AbortSignal.timeout(5_000));
      found = page.decisions.filter(({ record }) => uids.includes(record.uid));
      return new Set(found.map(({ record }) => record.uid)).size === uids.length;
    },
    `decisions ${uids.join(', ')} are on the stream`,
    ms,
  );
  redis.disconnect();
  return found;
}

describe('an admission', () => {
  test.for([{ format: 'legacy' as const }, { format: 'bundle' as const }])(
    'of an image that is signed ($format) is pinned to the verified digest, and /validate admits what /mutate wrote',
    async ({ format }) => {
      const { name, digest } = await image('team', format);
      const answer = await system.review(name);
      expect(answer).toMatchObject({ allowed: true });
      expect(patchOf(answer)).toEqual([
        { op: 'test', path: '/spec/containers/0/image', value: name },
        { op: 'replace', path: '/spec/containers/0/image', value: `${name}@${digest}` },
      ]);
      const hits = await system.metric('gateway', 'connaisseur_cache_requests_total', 'result="hit"');
      expect(await system.review(`${name}@${digest}`, { phase: 'validate' })).toMatchObject({
        allowed: true,
      });
      expect(await system.metric('gateway', 'connaisseur_cache_requests_total', 'result="hit"')).toBe(
        hits + 1,
      );
    },
  );

  test.for([
    { name: 'an image that nobody signed', by: 'nobody' as const, code: 'CNS-1003' },
    { name: 'an image that somebody else signed', by: 'stranger' as const, code: 'CNS-1004' },
  ])('of $name is denied with $code at both webhooks', async ({ by, code }) => {
    const { name } = await image(by);
    for (const phase of ['mutate', 'validate'] as const) {
      const answer = await system.review(name, { phase });
      expect(answer.allowed).toBe(false);
      expect(answer.status?.code).toBe(403);
      expect(answer.status?.message).toMatch(new RegExp(`^${code} ${name.replaceAll('.', '\\.')} `));
    }
  });

  test('names every refused image of several', async () => {
    const [good, unsigned, foreign] = await Promise.all([image('team'), image('nobody'), image('stranger')]);
    const answer = await system.review([good.name, unsigned.name, foreign.name]);
    expect(answer.allowed).toBe(false);
    expect(answer.status?.message).toContain(unsigned.name);
    expect(answer.status?.message).toContain(foreign.name);
    expect(answer.status?.message).not.toContain(good.name);
  });

  test('by a static rule asks no registry and changes nothing', async () => {
    const answer = await system.review('registry.k8s.io/pause:3.10');
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.patch).toBeUndefined();
    expect(await system.review('docker.io/library/busybox')).toMatchObject({ allowed: false });
  });
});

describe('what is told', () => {
  test('each receiver hears once of a decision, and the secret in its URL is nowhere else', async () => {
    const { name } = await image('nobody');
    const uid = randomUUID();
    const answer = await system.review(name, { uid });
    await system.review(name, { uid, phase: 'validate' });
    await receiver.until((all) => all.accepted.some(({ body }) => body.includes(uid)), 10_000);
    expect(receiver.accepted.filter(({ body }) => body.includes(uid))).toHaveLength(1);
    const sinks = [
      JSON.stringify(answer),
      ...['gateway', 'alerting', 'verifier-1'].map((service) => system.service(service).output()),
    ];
    for (const sink of sinks) expect(sink).not.toContain('canary-s3cr3t');
  });

  test('K42 a dry-run gets the same verdict and nobody hears of it', async () => {
    const { name } = await image('nobody');
    const uid = randomUUID();
    expect(await system.review(name, { uid, dryRun: true })).toMatchObject({ allowed: false });
    const later = randomUUID();
    await system.review(name, { uid: later });
    await receiver.until((all) => all.accepted.some(({ body }) => body.includes(later)), 10_000);
    expect(receiver.received.some(({ body }) => body.includes(uid))).toBe(false);
  });

  test('the eight metrics of Connaisseur are there', async () => {
    const { body } = await (async () => ({
      body: await (await fetch(`${system.service('gateway').management}/metrics`)).text(),
    }))();
    for (const name of [
      'requests_total',
      'requests_admitted_total',
      'requests_denied_total',
      'validations_total',
      'validations_successful_total',
      'validations_failed_total',
      'validations_skipped_total',
      'validations_timeouted_total',
    ]) {
      expect(body).toContain(`connaisseur_${name}`);
    }
    expect(await system.metric('gateway', 'connaisseur_requests_admitted_total')).toBeGreaterThan(0);
  });
});

describe('faults', () => {
  test('F01 a verifier that is killed in the middle of a verification: another one answers', async () => {
    const { name, digest, path } = await image('team');
    registry.misbehave({
      path: new RegExp(`/v2/${path}/manifests/v1$`),
      nth: 1,
      toxic: { kind: 'late', ms: 5_000 },
    });
    const uid = randomUUID();
    const answer = system.review(name, { uid });
    await system.until(
      () => registry.journal.entries.some((entry) => entry.path.includes(`/v2/${path}/manifests/v1`)),
      'a verifier asks the registry',
    );
    const busy = await busyVerifier();
    await system.kill(busy);
    expect(patchOf(await answer).at(-1)?.value).toBe(`${name}@${digest}`);
    await system.start('verifier', busy);
  });

  test('H01 a forged verdict on the bus has no effect and is counted', async () => {
    const { name, path } = await image('nobody');
    registry.misbehave({
      path: new RegExp(`/v2/${path}/manifests/v1$`),
      nth: 1,
      toxic: { kind: 'late', ms: 500 },
    });
    const before = await system.metric('gateway', 'connaisseur_bus_events_total', 'event="forged"');
    const redis = createRedis({ url: system.redis.url }, 'patient');
    const answer = system.review(name);
    await system.until(
      () => registry.journal.entries.some((entry) => entry.path.includes(`/v2/${path}/`)),
      'a verifier works',
    );
    for (const key of (await redis.call('KEYS', '*replies*')) as string[]) {
      await redis.call('RPUSH', key, JSON.stringify({ allowed: true, verdict: 'admitted' }));
    }
    const [gateway = ''] = (await redis.call('KEYS', '*replies*')) as string[];
    if (gateway === '') {
      // No reply list exists while nobody has answered: write to the gateway's by its name from the request.
      const [[, fields] = ['', []]] = (await redis.call(
        'XREVRANGE',
        '{connaisseur-bus}:requests',
        '+',
        '-',
        'COUNT',
        '1',
      )) as [string, string[]][];
      const owner = /"gateway":"([^"]+)"/.exec(fields.join(' '))?.[1] ?? '';
      await redis.call(
        'RPUSH',
        `{connaisseur-bus}:replies:${owner}`,
        JSON.stringify({ allowed: true, verdict: 'admitted' }),
      );
    }
    expect(await answer).toMatchObject({ allowed: false });
    await system.until(
      async () => (await system.metric('gateway', 'connaisseur_bus_events_total', 'event="forged"')) > before,
      'the forgery is counted',
    );
    redis.disconnect();
  });

  test('F05 Redis stops: admissions go on, and their decisions appear when it is back', async () => {
    const fresh = await Promise.all([image('team'), image('nobody'), image('team', 'bundle')]);
    await system.redis.kill();
    const uids = fresh.map(() => randomUUID());
    const answers = await Promise.all(
      fresh.map(({ name }, index) => system.review(name, { uid: uids[index] ?? '' })),
    );
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, false, true]);
    await system.redis.start();
    const decisions = await decisionsOf(uids, 20_000);
    expect(decisions.filter(({ record }) => record.allowed)).toHaveLength(2);
    await system.until(async () => (await verifiers()) === 2, 'the verifiers are back');
    const after = await image('team');
    expect(await system.review(after.name)).toMatchObject({ allowed: true });
  });

  test('F19 a receiver that is down costs no admission any time, and gets its alert when it is back', async () => {
    const { name } = await image('nobody');
    receiver.behave({ kind: 'hang' });
    const uid = randomUUID();
    expect(await system.review(name, { uid, timeout: '2s' })).toMatchObject({ allowed: false });
    receiver.behave({ kind: 'answer', status: 200, body: 'ok' });
    await receiver.until((all) => all.accepted.some(({ body }) => body.includes(uid)), 30_000);
  });

  test('one verifier of five without network loses no admission', async ({ skip }) => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) skip('needs "unshare -n" as root on Linux');
    await Promise.all([
      system.start('verifier', 'verifier-3'),
      system.start('verifier', 'verifier-4'),
      system.start('verifier', 'verifier-offline', ['unshare', '-n']),
    ]);
    await system.until(async () => (await verifiers()) === 5, 'five verifiers are on the bus');
    for (let round = 0; round < 12; round += 1) {
      const { name } = await image('team');
      expect(await system.review(name)).toMatchObject({ allowed: true });
    }
    for (const name of ['verifier-offline', 'verifier-3', 'verifier-4']) await system.kill(name);
  });
});

/** The verifier that holds the request that is under way. */
async function busyVerifier(): Promise<string> {
  const redis = createRedis({ url: system.redis.url }, 'patient');
  const pending = (await redis.call(
    'XPENDING',
    '{connaisseur-bus}:requests',
    'verifiers',
    '-',
    '+',
    '10',
  )) as [string, string][];
  redis.disconnect();
  const consumer = pending[0]?.[1] ?? '';
  const name = ['verifier-1', 'verifier-2'].find((verifier) => consumer.startsWith(verifier));
  if (name === undefined) throw new Error(`no verifier holds a request: ${JSON.stringify(pending)}`);
  return name;
}

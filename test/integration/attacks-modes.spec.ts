// Weakened modes, and alerts on which an answer hangs (groups P, A of the attack catalogue), against the running system.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { VirtualReceiver } from '#testing';

import { reviewOf } from '../../libs/admission/test/review.js';
import { AttackWorld } from './attacks-world.js';
import { get } from './system.js';

let world: AttackWorld;
let receiver: VirtualReceiver;

beforeAll(async () => {
  receiver = await VirtualReceiver.start();
  world = await AttackWorld.start('modes', {
    withAlerting: true,
    values: (it) => it.values().replace('detectionMode: false', 'detectionMode: true'),
    alerting: `admitRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/admit" }
rejectRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/reject" }
`,
  });
});
afterAll(async () => {
  await world?.stop();
  await receiver?.close();
});

const told = (uid: string) => receiver.received.filter(({ body }) => body.includes(uid));

async function reconfigure(features: string, alerting?: string): Promise<void> {
  const revision = async (): Promise<string> =>
    (
      JSON.parse((await get(`${world.system.service('gateway').management}/ready`)).body) as {
        configuration: { revision: string };
      }
    ).configuration.revision;
  const before = await revision();
  if (alerting !== undefined) writeFileSync(join(world.system.directory, 'alerts', 'config.yaml'), alerting);
  writeFileSync(
    join(world.system.directory, 'config', 'config.yaml'),
    world.values().replace('detectionMode: false', features),
  );
  await world.system.until(async () => (await revision()) !== before, 'the new configuration is in force');
}

describe('detection mode', () => {
  test('P02 A15 what would be denied is let through, said so, and told as what it is', async () => {
    const image = await world.image('nobody');
    const uid = randomUUID();
    const answer = await world.system.review(image.name, { uid });
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.patch).toBeUndefined();
    expect(answer.warnings?.join('\n')).toMatch(/detection mode.*would be DENIED/);
    await world.system.review(image.name, { uid, phase: 'validate' });
    await receiver.until(() => told(uid).length > 0, 15_000);
    expect(told(uid).map(({ path }) => path)).toEqual(['/reject']);
    expect(await world.system.metric('gateway', 'connaisseur_mode_info', 'detectionMode')).toBe(1);
    expect(
      await world.system.metric('gateway', 'connaisseur_decisions_total', 'decision="would-deny"'),
    ).toBeGreaterThan(0);
  });

  test('P02 twin: a signed image is pinned in detection mode too', async () => {
    const image = await world.image('team');
    const answer = await world.system.review(image.name);
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.patch).toBeDefined();
    expect(answer.warnings).toBeUndefined();
  });

  test('what cannot be read is let through in no mode', async () => {
    const review = reviewOf({ spec: { containers: [] } }) as { request: Record<string, unknown> };
    for (const changes of [
      { operation: 'X' },
      { object: 7 },
      { kind: { group: '', version: 'v1', kind: 'Secret' } },
    ]) {
      const { body } = await world.system.post(
        '/mutate',
        JSON.stringify({ ...review, request: { ...review.request, ...changes } }),
      );
      expect(body).not.toContain('"allowed":true');
    }
    expect((await world.system.post('/mutate', '{"kind":"AdmissionReview"}')).status).toBe(400);
  });
});

describe('pods only', () => {
  test('a template is let through with a warning and unwritten, whatever detection mode says; a Pod of it is not', async () => {
    await reconfigure('resourceValidationMode: podsOnly');
    const [bad, good] = await Promise.all([world.image('nobody'), world.image('team')]);
    const spec = (image: string): unknown => ({ containers: [{ name: 'a', image }] });
    const template = await world.send({ kind: 'Deployment', spec: spec(bad.name) });
    expect(template).toMatchObject({ allowed: true });
    expect(template.warnings?.join('\n')).toMatch(/pods-only.*would be DENIED/);
    expect((await world.send({ kind: 'Deployment', spec: spec(good.name) })).patch).toBeUndefined();
    for (const phase of ['mutate', 'validate'] as const) {
      expect((await world.send({ spec: spec(bad.name) }, phase)).allowed).toBe(false);
      const debug = { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldSpec: spec(good.pinned) };
      const ephemeral = {
        containers: [{ name: 'a', image: good.pinned }],
        ephemeralContainers: [{ name: 'd', image: bad.name }],
      };
      expect((await world.send({ ...debug, spec: ephemeral }, phase)).allowed).toBe(false);
    }
    // Pods by another name are Pods.
    const odd = { resource: { group: '', version: 'v1', resource: 'podtemplates' } };
    expect((await world.send({ spec: spec(bad.name), request: odd })).allowed).toBe(false);
  });
});

describe('alerts on which an answer hangs', () => {
  const mandatory = (path: string): string => `admitRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/${path}", failIfAlertSendingFails: true }
`;
  test('no delivery, no admission: down, refusing, hanging; a dry-run sends nothing', async () => {
    await reconfigure('detectionMode: false\n  cache: { expirySeconds: 20 }', mandatory('must'));
    const image = await world.image('team');
    const uid = randomUUID();
    expect(await world.system.review(image.name, { uid })).toMatchObject({ allowed: true });
    expect(told(uid)).toHaveLength(1);
    const dry = randomUUID();
    expect(await world.system.review(image.name, { uid: dry, dryRun: true })).toMatchObject({
      allowed: true,
    });
    expect(told(dry)).toHaveLength(0);
    for (const behaviour of [
      { kind: 'answer', status: 500 },
      { kind: 'close' },
      { kind: 'answer', status: 302, headers: { location: 'https://example.com/' } },
    ] as const) {
      receiver.behave(behaviour);
      const answer = await world.system.review(image.name, { timeout: '3s' });
      expect(answer.allowed).toBe(false);
      expect(answer.patch).toBeUndefined();
      expect(answer.status?.message).toMatch(/^CNS-3003/);
      expect(answer.status?.message).not.toContain('must');
    }
    receiver.behave({ kind: 'answer', status: 200, body: 'ok' });
  });
});

// Over 200 lines: a table of attacks, each row beside its twin that is let in.
// What is told, to whom, and what never is (groups A, P of the attack catalogue), against the running system.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { VirtualReceiver, VirtualRegistry } from '#testing';

import { reviewOf } from '../../libs/admission/test/review.js';
import { AttackWorld, indented } from './attacks-world.js';
import { get, runToEnd } from './system.js';

const CANARIES = [
  'canary-url-k3y',
  'canary-header-k3y',
  'canary-field-k3y',
  'canary-password-k3y',
  'canary-env-k3y',
];
const SERVICES = ['gateway', 'alerting', 'verifier-1'];

let world: AttackWorld;
let receiver: VirtualReceiver;
let locked: VirtualRegistry;
let raw: Redis;

beforeAll(async () => {
  receiver = await VirtualReceiver.start();
  locked = await VirtualRegistry.start({
    auth: { kind: 'basic', username: 'u', password: 'canary-password-k3y' },
  });
  world = await AttackWorld.start('alerts', {
    withAlerting: true,
    values: (it) =>
      it.values({
        validators: `  - name: locked
    type: cosign
    auth: { registry: "${locked.host}", username: u, password: canary-password-k3y }
    trustRoots:
      - name: default
        key: |
${indented(it.team.key.publicKeyPem, 10)}
`,
        rules: `  - pattern: "${locked.host}/*:*"
    validator: locked
    with: { verifyInTransparencyLog: false }
`,
        rest: 'logLevel: debug\n',
      }),
    alerting: `admitRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/admit-canary-url-k3y" }
rejectRequest:
  receivers:
    - template: slack
      receiverUrl: "${receiver.url}/reject-canary-url-k3y"
      customHeaders: ["X-Token: canary-header-k3y"]
      payloadFields: { secret: canary-field-k3y }
`,
  });
  raw = new Redis({ path: world.system.redis.socket });
});
afterAll(async () => {
  raw?.disconnect();
  await world?.stop();
  await Promise.all([receiver?.close(), locked?.stop()]);
});

const told = (uid: string): readonly { path: string; body: string }[] =>
  receiver.accepted.filter(({ body }) => body.includes(uid));

/** Everything in Redis, as text. */
async function everythingInRedis(): Promise<string> {
  const texts: string[] = [];
  for (const key of await raw.keys('*')) {
    texts.push(key);
    const type = await raw.type(key);
    if (type === 'string') texts.push((await raw.get(key)) ?? '');
    if (type === 'hash') texts.push(JSON.stringify(await raw.hgetall(key)));
    if (type === 'list') texts.push(...(await raw.lrange(key, 0, -1)));
    if (type === 'set') texts.push(...(await raw.smembers(key)));
    if (type === 'zset') texts.push(...(await raw.zrange(key, '0', '-1')));
    if (type === 'stream') texts.push(JSON.stringify(await raw.xrange(key, '-', '+')));
  }
  return texts.join('\n');
}

describe('secrets', () => {
  test('A09 A12 credentials, receivers’ URLs and headers, and what stands in a Pod are in no answer, log, metric, job or record', async () => {
    const image = await world.image('nobody');
    const uid = randomUUID();
    const spec = {
      containers: [{ name: 'a', image: image.name, env: [{ name: 'PASSWORD', value: 'canary-env-k3y' }] }],
    };
    const answers = [
      await world.send({ spec, request: { uid } }),
      await world.send({ spec: { containers: [{ name: 'a', image: `${locked.host}/none:1` }] } }),
      await world.send({ spec: { ...spec, containers: 'x' } }),
    ];
    await world.system.post('/mutate', `${JSON.stringify(reviewOf({ spec }))}x`);
    receiver.behave({ kind: 'answer', status: 500, body: 'echo canary-url-k3y' });
    await world.send({ spec, request: { uid: randomUUID() } });
    receiver.behave({ kind: 'answer', status: 200, body: 'ok' });
    await receiver.until(() => told(uid).length > 0, 15_000);
    const [alert] = told(uid);
    // The one place where they belong.
    expect(alert?.path).toContain('canary-url-k3y');
    expect(alert?.body).toContain('canary-field-k3y');
    expect(locked.journal.entries.some(({ headers }) => headers['authorization'] !== undefined)).toBe(true);
    const metrics = await Promise.all(
      SERVICES.map(async (name) => (await get(`${world.system.service(name).management}/metrics`)).body),
    );
    const sinks = new Map([
      ['answers', JSON.stringify(answers)],
      ['logs', world.outputs(SERVICES)],
      ['metrics', metrics.join('\n')],
      ['redis', await everythingInRedis()],
    ]);
    for (const [sink, text] of sinks)
      for (const canary of CANARIES) expect(text.includes(canary), `${canary} in ${sink}`).toBe(false);
    expect(alert?.body).not.toContain('canary-env-k3y');
  });

  test('A10 what a registry writes into an error is repeated nowhere', async () => {
    const image = await world.image('team');
    const uid = randomUUID();
    const words = 'canary-body-k3y\u001b[31m<b>token=abc</b>';
    for (const status of [401, 500]) {
      world.registry.misbehave({
        path: new RegExp(`/${image.path}/`),
        toxic: {
          kind: 'answer',
          status,
          headers: { 'www-authenticate': 'Bearer realm="https://127.0.0.1:1/canary-body-k3y"' },
          body: JSON.stringify({ errors: [{ code: words, message: words, detail: words }] }),
        },
      });
      const answer = await world.system.review(image.name, {
        uid: status === 500 ? uid : randomUUID(),
        timeout: '3s',
      });
      expect(answer.allowed).toBe(false);
      expect(JSON.stringify(answer)).not.toContain('canary-body');
      world.registry.behave();
    }
    await receiver.until(() => told(uid).length > 0, 15_000);
    expect(told(uid)[0]?.body).not.toContain('canary-body');
    expect(world.outputs(SERVICES)).not.toContain('canary-body');
    expect(await everythingInRedis()).not.toContain('canary-body');
  });

  test('A07 names that a tenant chooses say nothing to a receiver', async () => {
    const uid = randomUUID();
    const image = '<!channel>*x*`y`&<https://evil.example|click>"},"blocks":[{"';
    await world.send({
      spec: { containers: [{ name: '<!here>', image }] },
      request: { uid, userInfo: { username: '<@U123>"\n' } },
    });
    await receiver.until(() => told(uid).length > 0, 15_000);
    const [alert] = told(uid);
    expect(() => JSON.parse(alert?.body ?? '') as unknown).not.toThrow();
    // Slack reads mentions and links in mrkdwn; in plain_text they are letters.
    const markup: string[] = [];
    JSON.parse(alert?.body ?? '', (_key, value: unknown) => {
      const block = value as { type?: unknown; text?: unknown } | null;
      if (typeof block === 'object' && block?.type === 'mrkdwn') markup.push(String(block.text));
      return value;
    });
    expect(markup.length).toBeGreaterThan(3);
    for (const [, text] of markup) expect(text).not.toMatch(/<!channel>|<!here>|<@U123>|<https:\/\/evil/);
  });
});

describe('who hears', () => {
  test('A14 K42 of a dry-run nobody', async () => {
    const [unsigned, signed] = await Promise.all([world.image('nobody'), world.image('team')]);
    const [dry, dryAdmit, later] = [randomUUID(), randomUUID(), randomUUID()];
    expect(await world.system.review(unsigned.name, { uid: dry, dryRun: true })).toMatchObject({
      allowed: false,
    });
    expect(await world.system.review(signed.name, { uid: dryAdmit, dryRun: true })).toMatchObject({
      allowed: true,
    });
    await world.system.review(unsigned.name, { uid: later });
    await receiver.until(() => told(later).length > 0, 15_000);
    expect(receiver.received.some(({ body }) => body.includes(dry) || body.includes(dryAdmit))).toBe(false);
  });
});

describe('configuration', () => {
  const lint = async (values: string, env: NodeJS.ProcessEnv = {}): Promise<number> => {
    const directory = mkdtempSync(join(tmpdir(), 'connaisseur-lint-'));
    writeFileSync(join(directory, 'values.yaml'), values);
    const { code } = await runToEnd(['lint', join(directory, 'values.yaml')], env);
    rmSync(directory, { recursive: true });
    return code;
  };
  const withFeature = (line: string): string => world.values().replace('  detectionMode: false', `  ${line}`);
  const withAlert = (line: string): string =>
    `${world.values()}alerting:\n  rejectRequest:\n    receivers:\n      - template: keybase\n        receiverUrl: "https://example.com/x"\n        customHeaders: [${line}]\n`;

  test('P01 A04 twins load', async () => {
    expect(
      await Promise.all([
        lint(world.values()),
        lint(withFeature('detectionMode: true')),
        lint(withAlert('"X-A: b"')),
      ]),
    ).toEqual([0, 0, 0]);
  });

  test.for([
    { name: 'P01 no', values: () => withFeature('detectionMode: no') },
    { name: 'P01 "False"', values: () => withFeature('detectionMode: "False"') },
    { name: 'P01 0', values: () => withFeature('detectionMode: 0') },
    { name: 'P01 another spelling', values: () => withFeature('detectionmode: false') },
    { name: 'A04 a line break in a header', values: () => withAlert(String.raw`"X-A: b\r\nX-B: c"`) },
    { name: 'A04 a line break in a header’s name', values: () => withAlert(String.raw`"X\n-A: b"`) },
    { name: 'A04 a header without a name', values: () => withAlert('": b"') },
  ])('$name does not load', async ({ values }) => {
    expect(await lint(values())).toBe(2);
  });
});

describe('noise', () => {
  test('S14 A06 requests that are no reviews do not keep a denial from being told', async () => {
    const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' };
    for (let n = 0; n < 40; n += 1)
      await world.system.post('/mutate', JSON.stringify({ ...review, request: { uid: randomUUID() } }));
    const uid = randomUUID();
    await world.system.review((await world.image('nobody')).name, { uid });
    await receiver.until(() => told(uid).length > 0, 4_000);
  });
});

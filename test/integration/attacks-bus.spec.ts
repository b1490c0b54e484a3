// Over 200 lines: a table of attacks, each row beside its twin that is let in.
// Somebody who can write to Redis (group H of the attack catalogue, and P13), against the running system.
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { generateBusKeys, readBusKeys, type VerdictKeys } from '#bus';
import type { VerificationReply, VerificationRequest } from '#contracts';
import { OCI_MANIFEST, VirtualReceiver } from '#testing';

import { readDirectory } from '../../apps/cli/src/read-directory.js';
import { sealReply } from '../../libs/bus/src/verification/reply-envelope.js';
import { AttackWorld, type Made } from './attacks-world.js';
import { type Answer, get, patchOf } from './system.js';

const REQUESTS = '{connaisseur-bus}:requests';
const JUNK = ['{"__proto__":{"a":1}}', '{"v":1,"v":2}', 'null', '[]', '', '\u0000', 'x'.repeat(1 << 20)];

let world: AttackWorld;
let receiver: VirtualReceiver;
let raw: Redis;
let monitor: Redis;
/** What a reader of Redis sees: every command, as it came. */
const seen: string[][] = [];

beforeAll(async () => {
  receiver = await VirtualReceiver.start();
  world = await AttackWorld.start('bus', {
    withAlerting: true,
    values: (it) => it.values({ features: '  cache:\n    expirySeconds: 1\n' }),
    alerting: `admitRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/admit" }
rejectRequest:
  receivers:
    - { template: keybase, receiverUrl: "${receiver.url}/reject" }
`,
  });
  raw = new Redis({ path: world.system.redis.socket });
  monitor = await raw.monitor();
  monitor.on('monitor', (_time: string, args: string[]) => seen.push(args));
});
afterAll(async () => {
  monitor?.disconnect();
  raw?.disconnect();
  await world?.stop();
  await receiver?.close();
});

function expectDenied(answer: Answer, code = /^CNS-1003/): void {
  expect(answer.allowed).toBe(false);
  expect(answer.patch).toBeUndefined();
  expect(answer.status?.message).toMatch(code);
}

const forged = (): Promise<number> =>
  world.system.metric('gateway', 'connaisseur_bus_events_total', 'event="forged"');

/** Keeps a verification of this image waiting at the registry, and gives the question as it lies in Redis. */
async function whileAsked(
  image: Made,
  ms = 700,
): Promise<{ answer: Promise<Answer>; request: VerificationRequest }> {
  world.registry.misbehave({ path: new RegExp(`/${image.path}/manifests/v1$`), toxic: { kind: 'late', ms } });
  const answer = world.system.review(image.name);
  let request: VerificationRequest | undefined;
  await world.system.until(async () => {
    const entries = await raw.xrange(REQUESTS, '-', '+');
    request = entries
      .map(([, fields]) => JSON.parse(fields[1] ?? '{}') as VerificationRequest)
      .find((each) => each.image === image.name);
    return request !== undefined;
  }, 'the question is in Redis');
  if (request === undefined) throw new Error('expected a question');
  return { answer, request };
}

function admitting(request: VerificationRequest, digest: string): VerificationReply {
  const { v, cluster, nonce, image, rule, revision } = request;
  const verdict = {
    outcome: 'admitted' as const,
    ground: 'verified' as const,
    digest,
    evidence: [],
    tookMs: 1,
  };
  return { kind: 'verdict', v, cluster, nonce, image, rule, revision, verifier: 'verifier-1', verdict };
}

const push = (request: VerificationRequest, text: string | Buffer): Promise<number> =>
  raw.rpush(`{connaisseur-bus}:replies:${request.gateway}`, text);

function verdictKeysNamedAs(kid: string): VerdictKeys {
  const { verdicts } = readBusKeys(generateBusKeys(kid));
  if (verdicts === undefined) throw new Error('expected keys');
  return verdicts;
}

describe('decisions and alerts', () => {
  const accepted = (uid: string): number => receiver.accepted.filter(({ body }) => body.includes(uid)).length;

  test('H01 A17 a forged or repeated decision, and a forged job, tell nobody anything', async () => {
    const image = await world.image('nobody');
    const uid = randomUUID();
    expectDenied(await world.system.review(image.name, { uid }));
    await receiver.until(() => accepted(uid) > 0, 10_000);
    const denials = '{connaisseur-log}:denials';
    for (const key of [denials, '{connaisseur-log}:decisions'])
      for (const text of JUNK) await raw.xadd(key, '*', text === '' ? 'x' : text, text);
    const entries = await raw.xrange(denials, '-', '+');
    const genuine = entries.find(([, fields]) => fields.some((field) => field.includes(uid)));
    const fields = genuine?.[1] ?? [];
    expect(fields.length).toBeGreaterThan(0);
    const lie = randomUUID();
    await raw.xadd(denials, '*', ...fields);
    await raw.xadd(denials, '*', ...fields.map((field) => field.replaceAll(uid, lie)));
    const [queue = ''] = (await raw.keys('{connaisseur-alerts}:reject-*:meta')).map(
      (key) => key.split(':')[1] ?? '',
    );
    const bull = new Queue(queue, {
      connection: { path: world.system.redis.socket },
      prefix: '{connaisseur-alerts}',
    });
    await bull.add('alert', {
      v: 1,
      receiver: queue,
      eventId: 'a'.repeat(64),
      alertId: `a${'b'.repeat(40)}`,
      record: JSON.stringify({ uid: lie, receiverUrl: `${receiver.url}/stolen` }),
    });
    const later = randomUUID();
    expectDenied(await world.system.review((await world.image('nobody')).name, { uid: later }));
    await receiver.until(() => accepted(later) > 0, 10_000);
    await bull.close();
    expect(accepted(uid)).toBe(1);
    expect(accepted(lie)).toBe(0);
    expect(receiver.received.filter(({ path }) => path.includes('stolen'))).toHaveLength(0);
  });
});

describe('verdicts', () => {
  const kidOf = (): string =>
    readBusKeys(readDirectory(join(world.system.directory, 'keys', 'gateway'))).verdicts?.ids[0] ?? '';
  const gatewayKeys = () => readBusKeys(readDirectory(join(world.system.directory, 'keys', 'gateway')));
  const rows: { name: string; text: (request: VerificationRequest, digest: string) => string | Buffer }[] = [
    {
      name: 'H01 without a signature',
      text: (request, digest) => JSON.stringify(admitting(request, digest)),
    },
    {
      name: 'H01 with a key of our own under the right id',
      text: (request, digest) => sealReply(admitting(request, digest), verdictKeysNamedAs(kidOf())),
    },
    {
      name: 'H01 with the key for requests',
      text: (request, digest) => {
        const body = JSON.stringify(admitting(request, digest));
        return `${kidOf()}.${gatewayKeys().requests?.sign('connaisseur/reply/v1', body).mac}.${body}`;
      },
    },
    {
      name: 'H01 with the gateway’s key for decisions',
      text: (request, digest) => {
        const body = JSON.stringify(admitting(request, digest));
        return `${kidOf()}.${gatewayKeys().decisions?.sign('connaisseur/reply/v1', body).signature}.${body}`;
      },
    },
    { name: 'H16 ten megabytes', text: () => Buffer.alloc(10 << 20, 0x61) },
    {
      name: 'H16 prototype keys',
      text: () => `${kidOf()}.${'A'.repeat(86)}.{"__proto__":{"kind":"verdict"}}`,
    },
    { name: 'H16 bytes that are no text', text: () => randomBytes(300) },
    {
      name: 'H23 an empty signature',
      text: (request, digest) => `${kidOf()}..${JSON.stringify(admitting(request, digest))}`,
    },
  ];

  test.for(rows)('$name', async ({ text }) => {
    const image = await world.image('nobody');
    const before = await forged();
    const { answer, request } = await whileAsked(image, 300);
    await push(request, text(request, image.digest));
    expectDenied(await answer);
    expect(await forged()).toBeGreaterThan(before);
    world.registry.behave();
  });

  test('H03 H04 H17 a true verdict, seen in Redis, answers no other question and not the same one twice', async () => {
    const signed = await world.image('team');
    seen.length = 0;
    expect(await world.system.review(signed.name)).toMatchObject({ allowed: true });
    await world.system.until(() => repliesSeen().length > 0, 'the reply was seen');
    const [text = ''] = repliesSeen();
    expect(text).toContain(signed.digest);
    const unsigned = await world.image('nobody');
    const { answer, request } = await whileAsked(unsigned);
    await push(request, text);
    await push(request, text.replaceAll(signed.path, unsigned.path));
    await push(request, text.replace(/"nonce":"[0-9a-f]{32}"/, `"nonce":"${request.nonce}"`));
    expectDenied(await answer);
    world.registry.behave();
    // Late, after its own question has ended.
    await push(request, text);
    expectDenied(await world.system.review(unsigned.name, { phase: 'validate' }));
  });

  test('H04 the replies of two questions that are open at once, swapped', async () => {
    const [signed, unsigned] = await Promise.all([world.image('team'), world.image('nobody')]);
    seen.length = 0;
    const one = await whileAsked(unsigned, 900);
    expect(await world.system.review(signed.name)).toMatchObject({ allowed: true });
    await world.system.until(() => repliesSeen().length > 0, 'the reply was seen');
    for (const text of repliesSeen()) await push(one.request, text);
    expectDenied(await one.answer);
    world.registry.behave();
  });

  function repliesSeen(): string[] {
    return seen
      .filter(([command, key]) => command?.toUpperCase() === 'RPUSH' && key?.includes(':replies:'))
      .map(([, , text = '']) => text);
  }
});

describe('requests', () => {
  test('H23 a MAC that is empty, short, long, in capitals or of another body', async () => {
    const image = await world.image('nobody');
    const { answer, request } = await whileAsked(image, 400);
    const [[, fields] = ['', []]] = await raw.xrange(REQUESTS, '-', '+');
    await answer;
    world.registry.behave();
    const [, , , kid = '', , mac = ''] = fields;
    const target = await world.image('team');
    const body = JSON.stringify({ ...request, image: target.name, nonce: randomBytes(16).toString('hex') });
    const before = await world.system.metric('verifier-1', 'connaisseur_bus_events_total', 'event="forged"');
    const macs = ['', 'zz', mac.slice(0, 62), `${mac}00`, mac.toUpperCase(), mac, '0'.repeat(64)];
    for (const each of macs) await raw.xadd(REQUESTS, '*', 'body', body, 'kid', kid, 'mac', each);
    await raw.xadd(REQUESTS, '*', 'body', body, 'kid', kid);
    await raw.xadd(REQUESTS, '*', 'body', body, 'kid', '__proto__', 'mac', mac);
    await world.system.until(
      async () =>
        (await world.system.metric('verifier-1', 'connaisseur_bus_events_total', 'event="forged"')) >=
        before + macs.length + 2,
      'all of them are counted',
    );
    expect(world.registry.journal.count(new RegExp(`/${target.path}/`))).toBe(0);
    expect(await world.system.review(target.name)).toMatchObject({ allowed: true });
  });

  test('H16 rubbish in every stream, list and set: work goes on', async () => {
    const keys = [REQUESTS, '{connaisseur-log}:decisions', '{connaisseur-log}:denials'];
    for (const key of keys)
      for (const text of JUNK) {
        await raw.xadd(key, '*', 'body', text, 'kid', text.slice(0, 9), 'mac', text);
        await raw.xadd(key, '*', text === '' ? 'x' : text, text);
      }
    for (const set of ['quarantine', 'suspects', 'verifiers', 'isolated'])
      for (const text of JUNK) await raw.zadd(`{connaisseur-bus}:${set}`, Date.now() + 20_000, text);
    const [signed, unsigned] = await Promise.all([world.image('team'), world.image('nobody')]);
    expect(await world.system.review(signed.name)).toMatchObject({ allowed: true });
    expectDenied(await world.system.review(unsigned.name));
    for (const set of ['quarantine', 'suspects', 'verifiers', 'isolated'])
      await raw.zrem(`{connaisseur-bus}:${set}`, ...JUNK);
    await world.untilVerifiers(1);
  });
});

describe('shared verdicts', () => {
  /** The shared record that this image's verification writes. */
  async function recordOf(image: Made): Promise<{ keys: string[]; answer: Answer }> {
    const before = new Set(await raw.keys('connaisseur:cache:*'));
    const answer = await world.system.review(image.name);
    let keys: string[] = [];
    await world.system.until(async () => {
      keys = (await raw.keys('connaisseur:cache:*')).filter((key) => !before.has(key));
      return keys.length > 0;
    }, 'a shared verdict is written');
    return { keys, answer };
  }

  test('H02 H03 a record that says yes, put under another image: made up, signed by ourselves, or moved', async () => {
    const [signed, target] = await Promise.all([world.image('team'), world.image('team')]);
    const yes = await recordOf(signed);
    expect(yes.answer.allowed).toBe(true);
    const texts = await Promise.all(yes.keys.map((key) => raw.get(key)));
    const { keys } = await recordOf(target);
    const unsigned = await world.unsigned();
    const bytes = world.registry.content.manifest(unsigned.path, 'v1')?.bytes ?? Buffer.alloc(0);
    await world.registry.content.pushManifest(target.path, { bytes, mediaType: OCI_MANIFEST, tag: 'v1' });
    const plain = JSON.stringify({
      outcome: 'admitted',
      ground: 'verified',
      digest: unsigned.digest,
      evidence: [],
      tookMs: 1,
    });
    const mine = (texts[0] ?? '').split('\n');
    mine[4] = plain;
    const before = await world.system.metric('verifier-1', 'connaisseur_shared_verdicts_events_total');
    for (const text of [plain, mine.join('\n'), ...texts]) {
      await sleep(1_050);
      for (const key of keys) await raw.set(key, text ?? '');
      expectDenied(await world.system.review(target.name));
    }
    // They were read, and not believed.
    expect(
      await world.system.metric('verifier-1', 'connaisseur_shared_verdicts_events_total'),
    ).toBeGreaterThan(before);
  });

  test('H07 a record that is kept beyond its life is not believed', async () => {
    const image = await world.image('team');
    const { keys } = await recordOf(image);
    const texts = await Promise.all(keys.map(async (key) => [key, await raw.get(key)] as const));
    await sleep(1_100);
    for (const [key, text] of texts) await raw.set(key, text ?? '');
    const other = await world.unsigned();
    const moved = world.registry.content.manifest(other.path, 'v1');
    await world.registry.content.pushManifest(image.path, {
      bytes: moved?.bytes ?? Buffer.alloc(0),
      mediaType: moved?.mediaType ?? '',
      tag: 'v1',
    });
    // The tag names an unsigned image now; the old verdict is still in Redis.
    expectDenied(await world.system.review(image.name));
    for (const [key, text] of texts) {
      const lines = (text ?? '').split('\n');
      lines[2] = String(Date.now() + 3_600_000);
      await raw.set(key, lines.join('\n'));
    }
    await sleep(1_050);
    expectDenied(await world.system.review(image.name));
  });

  test('H08 a fault that somebody provokes is remembered by nobody', async () => {
    const image = await world.image('team');
    for (const status of [500, 401, 403, 429]) {
      world.registry.misbehave({ path: new RegExp(`/${image.path}/`), toxic: { kind: 'answer', status } });
      expectDenied(await world.system.review(image.name, { timeout: '3s' }), /^CNS-2/);
      world.registry.behave();
    }
    expect(await world.system.review(image.name)).toMatchObject({ allowed: true });
  });
});

describe('P13 H03 a new configuration', () => {
  const write = (trusted: AttackWorld['team']): void => {
    const values = world.values({ trusted, features: '  cache:\n    expirySeconds: 30\n' });
    writeFileSync(join(world.system.directory, 'config', 'config.yaml'), values);
  };
  const revisionOf = async (): Promise<string> => {
    const { body } = await get(`${world.system.service('gateway').management}/ready`);
    return (JSON.parse(body) as { configuration: { revision: string } }).configuration.revision;
  };
  const until = async (before: string): Promise<void> =>
    world.system.until(async () => (await revisionOf()) !== before, 'the new configuration is in force');

  test('no admission is decided by two generations, and what the old one proved counts for nothing', async () => {
    let before = await revisionOf();
    write(world.team);
    await until(before);
    const [old, remembered] = await Promise.all([world.image('team'), world.image('team')]);
    expect(await world.system.review(remembered.name)).toMatchObject({ allowed: true });
    // In no generation are both images of this Pod trusted.
    const pairs = await Promise.all(
      [0, 150, 400].map(async (ms) => ({
        ms,
        team: await world.image('team'),
        stranger: await world.image('stranger'),
      })),
    );
    world.registry.misbehave({ path: /\/manifests\/v1$/, toxic: { kind: 'late', ms: 300 } });
    const answers = pairs.map(async ({ ms, team, stranger }) => {
      await sleep(ms);
      return world.system.review([team.name, stranger.name, registry()], { timeout: '8s' });
    });
    before = await revisionOf();
    write(world.stranger);
    await until(before);
    for (const answer of await Promise.all(answers)) expect(answer.allowed).toBe(false);
    world.registry.behave();
    for (const image of [remembered.name, remembered.pinned, old.name])
      expect((await world.system.review(image)).allowed).toBe(false);
    const fresh = await world.image('stranger');
    expect(patchOf(await world.system.review(fresh.name)).at(-1)?.value).toBe(fresh.pinned);
    before = await revisionOf();
    write(world.team);
    await until(before);
    expect(await world.system.review(remembered.pinned, { phase: 'validate' })).toMatchObject({
      allowed: true,
    });
  });

  const registry = (): string => 'registry.k8s.io/pause:3';
});

// Over 200 lines: a table of attacks, each row beside its twin that is let in.
// Bytes that are thrown at the webhook (group S of the attack catalogue), from a place that can reach its port.
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { VirtualRegistry } from '#testing';

import { reviewOf } from '../../libs/admission/test/review.js';
import { AttackWorld, type Made } from './attacks-world.js';
import { type Answer, get } from './system.js';

let world: AttackWorld;
let outside: VirtualRegistry;
let good: Made;

beforeAll(async () => {
  outside = await VirtualRegistry.start();
  world = await AttackWorld.start('web');
  good = await world.image('team');
  expect(await world.system.review(good.name)).toMatchObject({ allowed: true });
});
afterAll(async () => {
  await world?.stop();
  await outside?.stop();
});

const body = (): string =>
  JSON.stringify(reviewOf({ spec: { containers: [{ name: 'a', image: good.name }] } }));
const head = (headers: string, path = '/mutate?timeout=5s', method = 'POST'): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const post = (text: string, headers = '', path?: string, method?: string): string =>
  `${head(`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}`, path, method)}${text}`;
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

/** The webhook still answers, and quickly. */
async function expectAlive(): Promise<void> {
  const started = performance.now();
  expect(await world.system.review(good.name, { timeout: '3s' })).toMatchObject({ allowed: true });
  expect(performance.now() - started).toBeLessThan(1_000);
}

function expectRefused({ text, closed }: { text: string; closed: boolean }, ...statuses: number[]): void {
  expect(text).not.toContain('"allowed":true');
  if (statusOf(text) === 0) expect(closed).toBe(true);
  else expect(statuses).toContain(statusOf(text));
}

describe('bodies', () => {
  test('S02 8 MiB and one byte, 64 MiB by name, and a body without end', async () => {
    const before = world.memory('gateway');
    const json = 'Content-Type: application/json\r\n';
    const eight = Buffer.alloc(8 * 1024 * 1024 + 1, 0x20);
    expectRefused(await world.raw([head(`${json}Content-Length: ${eight.length}\r\n`), eight]), 413);
    const named = await world.raw([head(`${json}Content-Length: 67108864\r\n`)]);
    expectRefused(named, 413);
    expect(named.closed).toBe(true);
    const chunk = Buffer.concat([
      Buffer.from('100000\r\n'),
      Buffer.alloc(0x10_0000, 0x20),
      Buffer.from('\r\n'),
    ]);
    expectRefused(
      await world.raw([
        head(`${json}Transfer-Encoding: chunked\r\n`),
        ...Array.from({ length: 24 }, () => chunk),
      ]),
      413,
    );
    expect(world.memory('gateway') - before).toBeLessThan(150);
    await expectAlive();
  });

  test('S02 twin: a review of nearly 7 MiB is answered', async () => {
    const text = JSON.stringify(
      reviewOf({
        spec: { containers: [{ name: 'a', image: good.name }] },
        metadata: { name: 'api', annotations: { big: 'x'.repeat(6_900_000) } },
      }),
    );
    const answer = await world.system.post('/mutate?timeout=5s', text);
    expect((JSON.parse(answer.body) as { response: Answer }).response.allowed).toBe(true);
  });

  test.for([
    { name: 'S04 lists, 200 000 deep', text: () => '['.repeat(200_000) },
    {
      name: 'S04 objects, 200 000 deep, in a review',
      text: () => body().replace('"spec":', `"x":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)},"spec":`),
    },
    {
      name: 'S05 a million keys',
      text: () => `{${Array.from({ length: 1_000_000 }, (_, n) => `"${n}":1`).join(',')}}`,
    },
    { name: 'S15 nothing', text: () => '' },
    { name: 'S15 a byte order mark', text: () => `\uFEFF${body()}` },
    { name: 'S15 half a review', text: () => body().slice(0, -10) },
    { name: 'S15 two reviews', text: () => body() + body() },
    { name: 'S15 a list of reviews', text: () => `[${body()}]` },
    { name: 'S15 the answer that we want', text: () => '{"response":{"allowed":true}}' },
    { name: 'S15 NaN', text: () => body().replace('"dryRun":false', '"dryRun":NaN') },
  ])('$name', async ({ text }) => {
    expectRefused(await world.raw([post(text())]), 400, 413);
    await expectAlive();
  });

  test('S15 bytes that are no UTF-8', async () => {
    const bytes = Buffer.from(body());
    bytes[bytes.indexOf('shop')] = 0xff;
    const headers = `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n`;
    expectRefused(await world.raw([head(headers), bytes]), 400);
  });

  test('S05 keys that are named like prototypes', async () => {
    const text = body().replace(
      '"spec":',
      '"__proto__":{"spec":1},"constructor":{"prototype":{}},"toString":1,"spec":',
    );
    const { text: answer } = await world.raw([post(text)]);
    expect(answer).toContain('"allowed":true');
    await expectAlive();
  });
});

describe('requests', () => {
  test.for([
    { name: 'S07 gzip', bytes: () => post(body(), 'Content-Encoding: gzip\r\n'), statuses: [415] },
    {
      name: 'S07 two codings',
      bytes: () => post(body(), 'Content-Encoding: identity, gzip\r\n'),
      statuses: [415],
    },
    {
      name: 'S08 length and chunks',
      bytes: () => post(body(), 'Transfer-Encoding: chunked\r\n'),
      statuses: [400],
    },
    { name: 'S08 two lengths', bytes: () => post(body(), 'Content-Length: 5\r\n'), statuses: [400] },
    { name: 'S08 a folded header', bytes: () => post(body(), 'X-A: b\r\n c\r\n'), statuses: [400] },
    { name: 'S08 bare line feeds', bytes: () => post(body()).replaceAll('\r\n', '\n'), statuses: [400] },
    {
      name: 'S08 a negative length',
      bytes: () => head('Content-Type: application/json\r\nContent-Length: -1\r\n'),
      statuses: [400],
    },
    {
      name: 'S08 chunked twice',
      bytes: () => head('Content-Type: application/json\r\nTransfer-Encoding: chunked, chunked\r\n'),
      statuses: [400],
    },
    {
      name: 'S10 64 kB of headers',
      bytes: () => post(body(), `X-A: ${'a'.repeat(65_536)}\r\n`),
      statuses: [400, 431],
    },
    { name: 'S15 GET', bytes: () => post('', '', '/mutate', 'GET'), statuses: [405] },
    { name: 'S15 PUT', bytes: () => post(body(), '', '/mutate', 'PUT'), statuses: [405] },
    { name: 'S15 another path', bytes: () => post(body(), '', '/mutate/'), statuses: [404] },
    { name: 'S15 a path with dots', bytes: () => post(body(), '', '/x/../mutate'), statuses: [404] },
    { name: 'S15 a path in capitals', bytes: () => post(body(), '', '/MUTATE'), statuses: [404] },
    {
      name: 'S15 text/plain',
      bytes: () => post(body()).replace('application/json', 'text/plain'),
      statuses: [400],
    },
    {
      name: 'S15 no content type',
      bytes: () => post(body()).replace('Content-Type: application/json\r\n', ''),
      statuses: [400],
    },
    {
      name: 'S15 a type that begins like json',
      bytes: () => post(body()).replace('application/json', 'application/jsonx'),
      statuses: [400],
    },
    {
      name: 'S15 HTTP/2 without asking',
      bytes: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      statuses: [400, 404, 405, 505],
    },
    { name: 'S15 noise', bytes: () => '\u0000\u0001\u0002 hello\r\n\r\n', statuses: [400] },
  ])('$name', async ({ bytes, statuses }) => {
    expectRefused(await world.raw([bytes()]), ...statuses);
    await expectAlive();
  });

  test('S10 a header named __proto__, and more than a hundred headers, are no reason to fall', async () => {
    await world.raw([post(body(), '__proto__: x\r\nconstructor: y\r\n')]);
    await world.raw([post(body(), Array.from({ length: 150 }, (_, n) => `X-${n}: 1\r\n`).join(''))]);
    await expectAlive();
  });

  test('S15 twin: charset and an unknown query are understood', async () => {
    const text = post(body(), '', '/mutate?x=1&timeout=5s&y').replace(
      'application/json',
      'application/json; charset=utf-8',
    );
    expect((await world.raw([text])).text).toContain('"allowed":true');
  });

  test('S16 the internal deadline follows the timeout of the API server', async () => {
    const slow = await world.image('team');
    world.registry.misbehave({ path: new RegExp(`/${slow.path}/`), toxic: { kind: 'hang' } });
    const started = performance.now();
    const answer = await world.system.review(slow.name, { timeout: '1s' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(answer.allowed).toBe(false);
    world.registry.behave();
    for (const timeout of ['0s', '-1s', '99999999s', 'x', '1e9s', '']) {
      expect(await world.system.review(good.name, { timeout })).toMatchObject({ allowed: true });
    }
  });

  test('S14 an image whose rule needs no look makes us connect to nobody', async () => {
    const images = [
      `${outside.host}/x:1`,
      `localhost:${outside.host.split(':')[1]}/x:1`,
      '169.254.169.254/x/y:1',
      'metadata.google.internal/x:1',
    ];
    const answer = await world.system.review(images);
    expect(answer.allowed).toBe(false);
    expect(outside.journal.entries).toHaveLength(0);
    const { body: metrics } = await get(`${world.system.service('gateway').management}/metrics`);
    expect(metrics).not.toContain('169.254.169.254');
  });
});

describe('slow peers', () => {
  test('S06 slow headers are ended in time, and hundreds of idle connections leave room', async () => {
    const idle = Array.from({ length: 300 }, () => world.raw([], { quietMs: 4_000 }));
    const slow = world.raw(['POST /mutate HTTP/1.1\r\nHost: x\r\nX-A: '], { quietMs: 10_000 });
    await expectAlive();
    const started = performance.now();
    expectRefused(await slow, 400, 408);
    expect(performance.now() - started).toBeLessThan(9_500);
    await Promise.all(idle);
    await expectAlive();
  });

  test('S06 peers that hold large bodies back do not shut out small reviews', async () => {
    const part = Buffer.alloc(8 * 1024 * 1024 - 1, 0x20);
    const headers = head(`Content-Type: application/json\r\nContent-Length: ${part.length + 1}\r\n`);
    const held = Array.from({ length: 34 }, () => world.raw([headers, part], { quietMs: 5_000 }));
    const statuses = new Set<number>();
    for (let n = 0; n < 16 && !statuses.has(503); n += 1) {
      await sleep(250);
      statuses.add((await world.system.post('/mutate?timeout=5s', body())).status);
    }
    await Promise.all(held);
    expect([...statuses]).toEqual([200]);
  });
});

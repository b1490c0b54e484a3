// What one tenant, with a registry that somebody lets him use, can take from all others (groups F and G of the catalogue).
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { VirtualRegistry } from '#testing';

import { reviewOf } from '../../libs/admission/test/review.js';
import { AttackWorld } from './attacks-world.js';
import { get } from './system.js';

let world: AttackWorld;
let hostile: VirtualRegistry;

beforeAll(async () => {
  hostile = await VirtualRegistry.start();
  world = await AttackWorld.start('load', {
    verifiers: 2,
    values: (it) =>
      it.values({
        rules: `  - pattern: "${hostile.host}/*:*"
    validator: team
    with: { verifyInTransparencyLog: false }
  - pattern: "*.invalid/*:*"
    validator: team
    with: { verifyInTransparencyLog: false }
`,
      }),
  });
});
afterAll(async () => {
  await world?.stop();
  await hostile?.stop();
});

const many = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, index) => `${hostile.host}/${name}-${index}:v1`);

describe('memory', () => {
  test('names of megabytes are not kept', async () => {
    const post = async (from: number, count: number): Promise<void> => {
      for (let n = from; n < from + count; n += 1) {
        const image = `${n}/`.padEnd(2_900_000, 'A!');
        await world.system.post(
          '/mutate',
          JSON.stringify(reviewOf({ spec: { containers: [{ name: 'a', image }] } })),
        );
      }
    };
    await post(0, 10);
    const before = world.memory('gateway');
    await post(10, 30);
    expect(world.memory('gateway') - before).toBeLessThan(70);
  });

  test('hosts that a tenant makes up are no labels', async () => {
    await world.system.review(
      Array.from({ length: 40 }, (_, n) => `h${n}.invalid/x:1`),
      { timeout: '2s' },
    );
    for (const name of ['gateway', 'verifier-1', 'verifier-2']) {
      const { body } = await get(`${world.system.service(name).management}/metrics`);
      expect(body.split('\n').filter((line) => line.includes('.invalid'))).toEqual([]);
    }
  });

  test('manifests of 4 MiB in great number end no process', async () => {
    const descriptor = `{"mediaType":"a/b","size":1,"digest":"sha256:${'1'.repeat(64)}","annotations":{"a":"${'b'.repeat(3_500)}"}}`;
    const text = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":${descriptor},"layers":[${Array(1_000).fill(descriptor).join(',')}]}`;
    hostile.misbehave({
      path: /\/manifests\//,
      toxic: {
        kind: 'answer',
        status: 200,
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: text,
      },
    });
    const answer = await world.system.review(many(16, 'fat'), { timeout: '3s' });
    hostile.behave();
    expect(answer.allowed).toBe(false);
    expect(await world.system.metric('gateway', 'connaisseur_verification_crashes_total')).toBe(0);
    const legit = await world.image('team');
    expect(await world.system.review(legit.name)).toMatchObject({ allowed: true });
  });
});

describe('places', () => {
  test('one Pod whose registry hangs keeps nobody else out', async () => {
    hostile.misbehave({ path: /./, toxic: { kind: 'hang' } });
    const flood = world.system.review(many(64, 'hang'), { timeout: '4s' });
    await sleep(300);
    const legit = await world.image('team');
    const answer = await world.system.review(legit.name, { timeout: '4s' });
    await flood;
    hostile.behave();
    expect(answer).toMatchObject({ allowed: true });
  });
});

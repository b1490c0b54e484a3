// Over 200 lines: a table of attacks, each row beside its twin that is let in.
// The object surface of the attack catalogue (groups K, R, P), against the running system.
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { reviewOf, type ReviewParts } from '../../libs/admission/test/review.js';
import { AttackWorld, KINDS, LISTS, type Made, pointerOf, specWith } from './attacks-world.js';
import { type Answer, patchOf } from './system.js';

let world: AttackWorld;
let good: Made;
let other: Made;
let bad: Made;

beforeAll(async () => {
  world = await AttackWorld.start('objects');
  [good, other, bad] = await Promise.all([
    world.image('team'),
    world.image('team', 'bundle'),
    world.image('nobody'),
  ]);
});
afterAll(() => world?.stop());

function expectDenied(answer: Answer, code: RegExp = /./): void {
  expect(answer.allowed).toBe(false);
  expect(answer.patch).toBeUndefined();
  expect(answer.status?.message).toMatch(code);
}

describe('every place of every kind', () => {
  const ID_OF_LIST = { containers: 'K13', initContainers: 'K01', ephemeralContainers: 'K04', volumes: 'K06' };
  const ID_OF_KIND = new Map([
    ['Pod', 'K05'],
    ['PodTemplate', 'K10'],
    ['ReplicationController', 'K11'],
    ['CronJob', 'K12'],
  ]);
  test.for(
    KINDS.flatMap((row) =>
      LISTS.map((list) => ({ ...row, list, id: `${ID_OF_LIST[list]} ${ID_OF_KIND.get(row.kind) ?? 'K13'}` })),
    ),
  )('$id an unsigned image in $list of a $kind', async ({ kind, at, list }) => {
    for (const phase of ['mutate', 'validate'] as const) {
      const answer = await world.send({ kind, spec: specWith(list, bad.name, good.pinned) }, phase);
      expectDenied(answer, /^CNS-1003/);
      expect(answer.status?.message).toContain(bad.name);
    }
    const twin = await world.send({ kind, spec: specWith(list, other.name, good.pinned) });
    expect(twin.allowed).toBe(true);
    const path = pointerOf(at, list);
    expect(patchOf(twin)).toEqual([
      { op: 'test', path, value: other.name },
      { op: 'replace', path, value: other.pinned },
    ]);
    expect(
      await world.send({ kind, spec: specWith(list, other.pinned, good.pinned) }, 'validate'),
    ).toMatchObject({
      allowed: true,
    });
  });

  test('K02 a restartable init container', async () => {
    const spec = (image: string): unknown => ({
      containers: [{ name: 'main', image: good.pinned }],
      initContainers: [{ name: 'side', image, restartPolicy: 'Always' }],
    });
    expectDenied(await world.send({ spec: spec(bad.name) }), /^CNS-1003/);
    expect(await world.send({ spec: spec(other.name) })).toMatchObject({ allowed: true });
  });
});

const pod = (image: string, extra: object = {}): Record<string, unknown> => ({
  containers: [{ name: 'main', image }],
  ...extra,
});

interface Row {
  readonly name: string;
  readonly attack: () => ReviewParts;
  readonly code?: RegExp;
  readonly twin?: () => ReviewParts;
}

describe('updates, subresources, forged evidence', () => {
  const gone = { name: 'api', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] };
  const owned = {
    name: 'api',
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'none', uid: randomUUID(), controller: true },
    ],
  };
  const gvk = (group: string, version: string, kind: string, resource: string): ReviewParts['request'] => ({
    kind: { group, version, kind },
    resource: { group, version, resource },
  });
  const rows: Row[] = [
    {
      name: 'K03 kubectl debug with an unsigned image',
      attack: () => ({
        operation: 'UPDATE',
        subResource: 'ephemeralcontainers',
        oldSpec: pod(good.name),
        spec: pod(good.name, { ephemeralContainers: [{ name: 'debug', image: bad.name }] }),
      }),
      twin: () => ({
        operation: 'UPDATE',
        subResource: 'ephemeralcontainers',
        oldSpec: pod(bad.name),
        spec: pod(bad.name, { ephemeralContainers: [{ name: 'debug', image: good.name }] }),
      }),
    },
    {
      name: 'K08 the image of a running Pod',
      attack: () => ({ operation: 'UPDATE', oldSpec: pod(good.name), spec: pod(bad.name) }),
      twin: () => ({ operation: 'UPDATE', oldSpec: pod(bad.name), spec: pod(good.name) }),
    },
    {
      name: 'K09 the init image of a running Pod',
      attack: () => ({
        operation: 'UPDATE',
        oldSpec: pod(good.name, { initContainers: [{ name: 'i', image: good.name }] }),
        spec: pod(good.name, { initContainers: [{ name: 'i', image: bad.name }] }),
      }),
      twin: () => ({
        operation: 'UPDATE',
        oldSpec: pod(good.name, { initContainers: [{ name: 'i', image: bad.name }] }),
        spec: pod(good.name, { initContainers: [{ name: 'i', image: good.name }] }),
      }),
    },
    {
      name: 'K14 a future version of a known kind',
      attack: () => ({
        kind: 'Deployment',
        spec: pod(good.pinned),
        request: gvk('apps', 'v3', 'Deployment', 'deployments') ?? {},
      }),
      code: /^CNS-3001/,
      twin: () => ({
        kind: 'Deployment',
        spec: pod(good.pinned),
        request: gvk('apps', 'v1beta1', 'Deployment', 'deployments') ?? {},
      }),
    },
    {
      name: 'K15 K16 a kind of somebody else, without a pod spec',
      attack: () => ({
        spec: pod(good.pinned),
        request: {
          ...gvk('argoproj.io', 'v1alpha1', 'Rollout', 'rollouts'),
          object: { kind: 'Rollout', spec: {} },
        },
      }),
      code: /^CNS-3001/,
    },
    {
      name: 'K15 a kind named as one of ours in another group',
      attack: () => ({ spec: pod(good.pinned), request: gvk('evil.example', 'v1', 'Pod', 'pods') ?? {} }),
      code: /^CNS-3001/,
    },
    {
      name: 'K17 pods/resize that changes an image',
      attack: () => ({
        operation: 'UPDATE',
        subResource: 'resize',
        oldSpec: pod(good.name),
        spec: pod(bad.name),
      }),
      twin: () => ({
        operation: 'UPDATE',
        subResource: 'resize',
        oldSpec: pod(bad.name),
        spec: pod(bad.name),
      }),
    },
    {
      name: 'K17 deployments/status that changes an image',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        subResource: 'status',
        oldSpec: pod(good.name),
        spec: pod(bad.name),
      }),
      twin: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        subResource: 'status',
        oldSpec: pod(bad.name),
        spec: pod(bad.name),
      }),
    },
    {
      name: 'K17 a Binding with room for containers',
      attack: () => ({
        subResource: 'binding',
        request: {
          ...gvk('', 'v1', 'Binding', 'pods'),
          object: { kind: 'Binding', target: {}, spec: { containers: [{ image: bad.name }] } },
        },
      }),
      code: /^CNS-1010/,
      twin: () => ({
        subResource: 'binding',
        request: {
          ...gvk('', 'v1', 'Binding', 'pods'),
          object: { kind: 'Binding', metadata: {}, target: { name: 'n' } },
        },
      }),
    },
    {
      name: 'K18 a Scale with a template',
      attack: () => ({
        operation: 'UPDATE',
        subResource: 'scale',
        request: {
          ...gvk('autoscaling', 'v1', 'Scale', 'deployments'),
          object: { kind: 'Scale', spec: { replicas: 1, template: { spec: pod(bad.name) } } },
          oldObject: { kind: 'Scale', spec: { replicas: 2 } },
        },
      }),
      code: /^CNS-1010/,
      twin: () => ({
        operation: 'UPDATE',
        subResource: 'scale',
        request: {
          ...gvk('autoscaling', 'v1', 'Scale', 'deployments'),
          object: { kind: 'Scale', metadata: {}, spec: { replicas: 1 }, status: {} },
          oldObject: { kind: 'Scale', spec: { replicas: 2 } },
        },
      }),
    },
    {
      name: 'K18 the whole Deployment sent as its scale',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        subResource: 'scale',
        oldSpec: pod(good.name),
        spec: pod(bad.name),
      }),
      code: /^CNS-1010/,
    },
    {
      name: 'K19 fewer replicas and another image in one update',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        request: {
          object: { kind: 'Deployment', spec: { replicas: 0, template: { spec: pod(bad.name) } } },
          oldObject: { kind: 'Deployment', spec: { replicas: 9, template: { spec: pod(good.name) } } },
        },
      }),
      twin: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        request: {
          object: { kind: 'Deployment', spec: { replicas: 0, template: { spec: pod(good.name) } } },
          oldObject: { kind: 'Deployment', spec: { replicas: 9, template: { spec: pod(good.name) } } },
        },
      }),
    },
    {
      name: 'K20 another image while a finalizer holds the deletion',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        metadata: gone,
        oldMetadata: gone,
        oldSpec: pod(good.name),
        spec: pod(bad.name),
      }),
      twin: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        metadata: { ...gone, finalizers: [] },
        oldMetadata: gone,
        oldSpec: pod(bad.name),
        spec: pod(bad.name),
      }),
    },
    {
      name: 'K20 one more container while a finalizer holds the deletion',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        metadata: gone,
        oldMetadata: gone,
        oldSpec: pod(bad.name),
        spec: {
          containers: [...(pod(bad.name)['containers'] as object[]), { name: 'two', image: bad.name }],
        },
      }),
    },
    {
      name: 'K22 deletionTimestamp in a CREATE',
      attack: () => ({ kind: 'Deployment', metadata: gone, spec: pod(bad.name) }),
      twin: () => ({ kind: 'Deployment', metadata: gone, spec: pod(good.name) }),
    },
    {
      name: 'K22 deletionTimestamp in the new object only',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        metadata: gone,
        oldSpec: pod(bad.name),
        spec: pod(bad.name),
      }),
    },
    {
      name: 'K23 K28 an owner that does not exist',
      attack: () => ({
        metadata: owned,
        spec: pod(bad.pinned),
        request: { userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' } },
      }),
      twin: () => ({ metadata: owned, spec: pod(good.pinned) }),
    },
    {
      name: 'K31 an unchanged tag in a template is verified again',
      attack: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        oldSpec: pod(bad.name),
        spec: pod(bad.name),
      }),
      twin: () => ({
        kind: 'Deployment',
        operation: 'UPDATE',
        oldSpec: pod(good.name),
        spec: pod(good.name),
      }),
    },
    {
      name: 'K32 two containers swap their images',
      attack: () => ({
        operation: 'UPDATE',
        oldSpec: {
          containers: [
            { name: 'a', image: bad.name },
            { name: 'b', image: good.name },
          ],
        },
        spec: {
          containers: [
            { name: 'a', image: good.name },
            { name: 'b', image: bad.name },
          ],
        },
      }),
      twin: () => ({
        operation: 'UPDATE',
        oldSpec: {
          containers: [
            { name: 'a', image: bad.name },
            { name: 'b', image: good.name },
          ],
        },
        spec: {
          containers: [
            { name: 'a', image: bad.name },
            { name: 'b', image: good.name },
          ],
        },
      }),
    },
    {
      name: 'K32 an image goes from a container to an init container of the same name',
      attack: () => ({
        operation: 'UPDATE',
        oldSpec: pod(good.name, { initContainers: [], containers: [{ name: 'main', image: bad.name }] }),
        spec: {
          containers: [{ name: 'new', image: good.name }],
          initContainers: [{ name: 'main', image: bad.name }],
        },
      }),
    },
    {
      name: 'K32 two containers of one name',
      attack: () => ({
        operation: 'UPDATE',
        oldSpec: pod(bad.name),
        spec: {
          containers: [
            { name: 'main', image: bad.name },
            { name: 'main', image: bad.name },
          ],
        },
      }),
    },
    {
      name: 'K33 an old object that is stale',
      attack: () => ({ operation: 'UPDATE', oldSpec: pod(other.name), spec: pod(bad.name) }),
    },
    {
      name: 'K34 an UPDATE without oldObject',
      attack: () => ({ operation: 'UPDATE', spec: pod(good.pinned) }),
      code: /oldObject/,
    },
    {
      name: 'K34 a CREATE with an oldObject that somebody made up',
      attack: () => ({ operation: 'CREATE', oldSpec: pod(bad.name), spec: pod(bad.name) }),
      twin: () => ({ operation: 'CREATE', oldSpec: pod(bad.name), spec: pod(good.name) }),
    },
    {
      name: 'K40 a Pod with a blank image',
      attack: () => ({
        spec: {
          containers: [
            { name: 'main', image: good.pinned },
            { name: 'x', image: '' },
          ],
        },
      }),
      code: /^CNS-1010/,
      twin: () => ({
        kind: 'Deployment',
        spec: { containers: [{ name: 'main', image: good.name }, { name: 'x', image: '' }, { name: 'y' }] },
      }),
    },
    {
      name: 'K40 a template with blank images only',
      attack: () => ({ kind: 'Job', spec: pod('  ') }),
      code: /^CNS-1010/,
    },
    {
      name: 'K49 an annotation that says it is verified',
      attack: () => ({
        metadata: {
          name: 'api',
          annotations: {
            'connaisseur.sse.io/verified': 'true',
            'securesystemsengineering.connaisseur/status': 'signed',
          },
          labels: { 'securesystemsengineering.connaisseur/webhook': 'ignore' },
        },
        spec: pod(bad.name),
      }),
      twin: () => ({ metadata: { name: 'api', annotations: { a: 'b' } }, spec: pod(good.name) }),
    },
    {
      name: 'K38 a mirror annotation on an ordinary Pod',
      attack: () => ({
        metadata: { name: 'api', annotations: { 'kubernetes.io/config.mirror': 'x' } },
        spec: pod(bad.name),
      }),
    },
  ];

  test.for(rows)('$name', async ({ attack, code, twin }) => {
    expectDenied(await world.send(attack()), code ?? /^CNS-1003/);
    expectDenied(await world.send(attack(), 'validate'));
    if (twin !== undefined) expect(await world.send(twin())).toMatchObject({ allowed: true });
  });

  test('K03 K31 an unchanged Pod image is never patched', async () => {
    const answer = await world.send({
      operation: 'UPDATE',
      subResource: 'ephemeralcontainers',
      oldSpec: pod(bad.name),
      spec: pod(bad.name, { ephemeralContainers: [{ name: 'debug', image: good.name }] }),
    });
    expect(patchOf(answer).map(({ path }) => path)).toEqual(
      Array(2).fill('/spec/ephemeralContainers/0/image'),
    );
  });

  test('K35 K36 what another webhook injected or unpinned after us is denied at /validate', async () => {
    expectDenied(
      await world.send({ spec: specWith('containers', bad.pinned, good.pinned) }, 'validate'),
      /^CNS-1003/,
    );
    expectDenied(await world.send({ spec: pod(good.name) }, 'validate'), /^CNS-1005/);
    expect(await world.send({ spec: pod(good.pinned) }, 'validate')).toMatchObject({ allowed: true });
  });

  test('K37 the patch is idempotent', async () => {
    const once = patchOf(await world.send({ spec: pod(good.name) })).at(-1)?.value ?? '';
    const twice = await world.send({ spec: pod(once) });
    expect(twice).toMatchObject({ allowed: true });
    expect(twice.patch).toBeUndefined();
  });
});

describe('reviews that are odd or none', () => {
  test.for<{ name: string; image: unknown }>([
    { name: 'K41 null', image: null },
    { name: 'K41 a number', image: 42 },
    { name: 'K41 an object', image: { toString: 'x' } },
    { name: 'K41 a list', image: [] },
    { name: 'K41 true', image: true },
    { name: 'K41 a nested image', image: { image: 'x', reference: 'x' } },
  ])('$name as image', async ({ image }) => {
    for (const list of LISTS)
      expectDenied(await world.send({ spec: specWith(list, image, good.pinned) }), /^CNS-1010/);
  });

  test.for([
    { name: 'K41 containers that are an object', spec: { containers: { 0: { image: 'x' }, length: 1 } } },
    { name: 'K41 a container that is a string', spec: { containers: ['x'] } },
    { name: 'K41 an empty list', spec: { containers: [] } },
    { name: 'K41 no list', spec: {} },
    { name: 'K41 a volume that is null', spec: { containers: [], volumes: [null] } },
  ])('$name', async ({ spec }) => {
    expectDenied(await world.send({ spec }), /^CNS-1010/);
  });

  test('K41 containers under the key __proto__ are no containers', async () => {
    const text = JSON.stringify(reviewOf({ spec: pod(good.pinned) })).replace('"containers"', '"__proto__"');
    const { body } = await world.system.post('/mutate?timeout=5s', text);
    expectDenied((JSON.parse(body) as { response: Answer }).response, /^CNS-1010/);
  });

  test('K42 a dry-run gets the same verdicts', async () => {
    expectDenied(await world.send({ spec: pod(bad.name), request: { dryRun: true } }), /^CNS-1003/);
    expect(await world.send({ spec: pod(good.name), request: { dryRun: true } })).toMatchObject({
      allowed: true,
    });
    const odd = await world.send({ spec: pod(good.name), request: { dryRun: 'false' } });
    expect(odd.allowed).toBe(false);
  });

  test('K43 no name, no namespace, generateName only', async () => {
    const request = { name: undefined, namespace: undefined };
    expect(
      await world.send({ metadata: { generateName: 'api-' }, spec: pod(good.name), request }),
    ).toMatchObject({
      allowed: true,
    });
    expectDenied(await world.send({ metadata: {}, spec: pod(bad.name), request }), /^CNS-1003/);
  });

  test('K44 the namespace is the request’s, whatever the object says', async () => {
    const answer = await world.send({ metadata: { name: 'api', namespace: 'kube-system' }, spec: {} });
    expectDenied(answer, /^CNS-1010 Pod shop\/api /);
  });

  test('K45 v1beta1 is echoed; a version, a kind or a request that is not one is 400 and never allowed', async () => {
    const review = (changes: object): unknown => ({ ...reviewOf({ spec: pod(good.pinned) }), ...changes });
    const old = await world.sendRaw(review({ apiVersion: 'admission.k8s.io/v1beta1' }));
    expect(old).toMatchObject({ apiVersion: 'admission.k8s.io/v1beta1', response: { allowed: true } });
    for (const changes of [
      { apiVersion: 'admission.k8s.io/v2' },
      { kind: 'Review' },
      { request: undefined },
      { request: null },
      { request: [] },
      { request: { uid: 7 } },
      { request: undefined, response: { uid: 'x', allowed: true } },
    ]) {
      const { status, body } = await world.system.post('/mutate', JSON.stringify(review(changes)));
      expect(status).toBe(400);
      expect(body).not.toContain('"allowed":true');
    }
  });

  test('K46 pipelined reviews on one connection keep their uids and their verdicts', async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, (_, n) => world.image(n % 2 === 0 ? 'team' : 'nobody')),
    );
    const uids = made.map(() => randomUUID());
    const requests = made.map(({ name }, index) => {
      const body = JSON.stringify(reviewOf({ spec: pod(name), request: { uid: uids[index] } }));
      return `POST /mutate?timeout=5s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    });
    const { text } = await world.raw(requests, { answers: uids.length });
    const answers = [...text.matchAll(/\r\n\r\n(\{.*?\})(?=HTTP\/1\.1|$)/gs)].map(
      ([, body = '']) => (JSON.parse(body) as { response: Answer }).response,
    );
    expect(answers.map(({ uid, allowed }) => [uid, allowed])).toEqual(
      uids.map((uid, index) => [uid, index % 2 === 0]),
    );
  });

  test.for([
    { name: 'create', operation: 'create' },
    { name: 'PATCH', operation: 'PATCH' },
    { name: 'nothing', operation: '' },
    { name: 'CONNECT', operation: 'CONNECT' },
    { name: '*', operation: '*' },
  ])('K47 operation $name', async ({ operation }) => {
    expect((await world.send({ operation, spec: pod(good.pinned) })).allowed).toBe(false);
  });

  test('K47 DELETE is allowed, and not with an object to put in its place', async () => {
    expect(await world.send({ operation: 'DELETE', oldSpec: pod(bad.name) })).toMatchObject({
      allowed: true,
    });
    expect((await world.send({ operation: 'DELETE', spec: pod(bad.name) })).allowed).toBe(false);
  });

  test.for([
    {
      name: 'kind Pod, resource deployments',
      request: { resource: { group: 'apps', version: 'v1', resource: 'deployments' } },
    },
    {
      name: 'kind ConfigMap, resource pods',
      request: { kind: { group: '', version: 'v1', kind: 'ConfigMap' } },
    },
    {
      name: 'an object that calls itself something else',
      request: { object: { kind: 'Secret', spec: { containers: [] } } },
    },
    {
      name: 'a kind with a prototype’s name',
      request: { kind: { group: '', version: 'v1', kind: 'constructor' } },
    },
    { name: 'no kind', request: { kind: undefined } },
  ])('K48 $name', async ({ request }) => {
    expect((await world.send({ spec: pod(good.pinned), request })).allowed).toBe(false);
  });

  test('K52 the answer names the bad image of several and no other', async () => {
    const answer = await world.send({
      spec: { containers: [good, other, bad].map(({ name }, i) => ({ name: `c${i}`, image: name })) },
    });
    expectDenied(answer, /^CNS-1003/);
    expect(answer.status?.message).toContain(bad.name);
    expect(answer.status?.message).not.toContain(good.name);
    expect(answer.status?.message).not.toContain(other.name);
  });

  test('K54 many containers of one image are one verification; too many images are denied without any', async () => {
    const fresh = await world.image('team');
    const before = world.registry.journal.entries.length;
    const many = (images: string[]): ReviewParts => ({
      spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
    });
    const answer = await world.send(many(Array.from({ length: 500 }, () => fresh.name)));
    expect(answer.allowed).toBe(true);
    expect(patchOf(answer)).toHaveLength(1_000);
    expect(world.registry.journal.count(new RegExp(`/${fresh.path}/manifests/v1$`))).toBe(1);
    expect(world.registry.journal.entries.length - before).toBeLessThanOrEqual(4);
    const asked = world.registry.journal.entries.length;
    expectDenied(
      await world.send(many(Array.from({ length: 65 }, (_, n) => `${world.host}/flood-${n}:v1`))),
      /^CNS-1010/,
    );
    expectDenied(await world.send(many(Array.from({ length: 20_000 }, () => fresh.name))), /^CNS-1010/);
    expect(world.registry.journal.entries).toHaveLength(asked);
  });
});

describe('references', () => {
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  test.for([
    { name: 'R14 a host that only begins like Docker Hub', image: 'docker.io.evil.example/library/nginx:1' },
    { name: 'R14 a host that ends like Docker Hub', image: 'evil-docker.io/library/nginx:1' },
    { name: 'R14 another library', image: 'nginx.evil/library/nginx:1' },
    { name: 'R16 capitals in the path', image: 'ghcr.io/Acme/x:1' },
    { name: 'R19 the Kelvin sign', image: 'registry.\u212A8s.io/pause:3' },
    { name: 'R19 the long s', image: 'regi\u017Ftry.k8s.io/pause:3' },
    { name: 'R20 the ideographic full stop', image: 'registry\u3002k8s.io/pause:3' },
    { name: 'R20 the full-width full stop', image: 'registry\uFF0Ek8s.io/pause:3' },
    { name: 'R21 zero width space', image: 'registry.k8s.io/pause\u200B:3' },
    { name: 'R21 right-to-left override', image: 'registry.k8s.io/pause:3\u202E' },
    { name: 'R21 combining mark', image: 'registry.k8s.io/pause\u0301:3' },
    { name: 'R21 NUL', image: 'registry.k8s.io/pause:3\u0000' },
    { name: 'R21 DEL', image: 'registry.k8s.io/pause:3\u007F' },
    { name: 'R21 tab', image: 'registry.k8s.io/\tpause:3' },
    { name: 'R21 newline', image: 'registry.k8s.io/pause:3\n' },
    { name: 'R21 half a surrogate', image: 'registry.k8s.io/pause:3\ud800' },
    { name: 'R22 a look-alike in punycode', image: 'xn--reistry-k8s-wdb.io/pause:3' },
    { name: 'R23 trailing dot', image: 'registry.k8s.io./pause:3' },
    { name: 'R23 empty label', image: 'registry..k8s.io/pause:3' },
    { name: 'R23 a label of 64', image: `${'a'.repeat(64)}.k8s.io/pause:3` },
    { name: 'R23 a host of 254', image: `${'a'.repeat(50)}.${'b.'.repeat(100)}k8s.io/pause:3` },
    { name: 'R24 leading blank', image: ' registry.k8s.io/pause:3' },
    { name: 'R24 trailing blank', image: 'registry.k8s.io/pause:3 ' },
    { name: 'R25 an encoded slash', image: 'registry.k8s.io%2fpause:3' },
    { name: 'R25 an encoded at', image: `registry.k8s.io/pause%40${DIGEST}` },
    { name: 'R26 https', image: 'https://registry.k8s.io/pause:3' },
    { name: 'R26 docker', image: 'docker://registry.k8s.io/pause:3' },
    { name: 'R26 oci', image: 'oci://registry.k8s.io/pause:3' },
    { name: 'R27 user and password', image: 'user:canary-pw@registry.k8s.io/pause:3' },
    { name: 'R28 backslash', image: 'registry.k8s.io\\pause:3' },
    { name: 'R28 two slashes', image: 'registry.k8s.io//pause:3' },
    { name: 'R28 a dot', image: 'registry.k8s.io/./pause:3' },
    { name: 'R28 two dots', image: 'registry.k8s.io/x/../pause:3' },
    { name: 'R32 sha512', image: `registry.k8s.io/pause@sha512:${'a'.repeat(128)}` },
    { name: 'R32 sha384', image: `registry.k8s.io/pause@sha384:${'a'.repeat(96)}` },
    { name: 'R32 an unknown algorithm', image: `registry.k8s.io/pause@md5:${'a'.repeat(32)}` },
    { name: 'R32 sha256+b64', image: `registry.k8s.io/pause@sha256+b64:${'a'.repeat(43)}` },
    { name: 'R33 capitals', image: `registry.k8s.io/pause@sha256:${'A'.repeat(64)}` },
    { name: 'R33 short', image: `registry.k8s.io/pause@sha256:${'a'.repeat(63)}` },
    { name: 'R33 long', image: `registry.k8s.io/pause@sha256:${'a'.repeat(65)}` },
    { name: 'R33 no hex', image: `registry.k8s.io/pause@sha256:${'g'.repeat(64)}` },
    { name: 'R34 two digests', image: `registry.k8s.io/pause@${DIGEST}@${DIGEST}` },
    { name: 'R34 two tags', image: 'registry.k8s.io/pause:3:4' },
    { name: 'R34 the digest before the tag', image: `registry.k8s.io/pause@${DIGEST}:3` },
    { name: 'R35 an image id', image: DIGEST },
    { name: 'R35 64 hex digits', image: 'a'.repeat(64) },
    { name: 'longer than any reference', image: `registry.k8s.io/pause:${'a'.repeat(4_000)}` },
  ])('$name', async ({ image }) => {
    for (const answer of await world.both(image)) {
      expectDenied(answer);
      expect(JSON.stringify(answer)).not.toContain('canary-pw');
      expect(answer.status?.message).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });

  test.for([
    { name: 'R14 nginx', image: 'nginx' },
    { name: 'R14 library/nginx', image: 'library/nginx' },
    { name: 'R14 docker.io/nginx', image: 'docker.io/nginx:1' },
    { name: 'R14 docker.io:443', image: 'docker.io:443/library/nginx' },
    { name: 'R14 index.docker.io', image: 'index.docker.io/library/nginx' },
    { name: 'R14 registry-1.docker.io', image: 'registry-1.docker.io/library/nginx' },
    { name: 'R14 registry.hub.docker.com', image: 'registry.hub.docker.com/library/nginx' },
    { name: 'R16 capitals in the host', image: 'GHCR.io/acme/x:1' },
    { name: 'R33 a digest', image: `registry.k8s.io/pause@${DIGEST}` },
    { name: 'R34 tag and digest', image: `registry.k8s.io/pause:3@${DIGEST}` },
  ])('twin: $name', async ({ image }) => {
    expect(await world.system.review(image)).toMatchObject({ allowed: true });
  });

  test('R27 the password in a reference is in no log', () => {
    expect(world.outputs(['gateway', 'verifier-1'])).not.toContain('canary-pw');
  });
});

describe('S21 patches', () => {
  test('S21 each replacement is preceded by a test of the old value', async () => {
    const answer = await world.send({ spec: specWith('initContainers', other.name, good.name) });
    const patch = patchOf(answer);
    expect(patch).toHaveLength(4);
    for (const [index, { op, path }] of patch.entries()) {
      expect(op).toBe(index % 2 === 0 ? 'test' : 'replace');
      expect(path).toBe(patch[index - (index % 2)]?.path);
    }
  });
});

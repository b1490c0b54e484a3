// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// What a person and the built-in controllers do with workloads, each with an image that is signed and one that is not. The
// ids are those of the catalogue of attacks.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { VirtualReceiver } from '#testing';

import { Cluster } from './cluster.js';
import { expectDenied } from './expect-denied.js';
import type { Image } from './images.js';
import { Injector } from './injector.js';
import {
  imagesIn,
  KINDS,
  manifest,
  oneContainer,
  podIn,
  podSpec,
  type Position,
  POSITIONS,
} from './manifests.js';
import type { Json } from './node/cluster-api.js';

const PINNED = /@sha256:[0-9a-f]{64}$/;

let cluster: Cluster;
let receiver: VirtualReceiver;
let signed: Image;
let other: Image;
let unsigned: Image;
let serial = 0;

beforeAll(async () => {
  receiver = await VirtualReceiver.start();
  cluster = await Cluster.start();
  signed = await cluster.images.push('app', 'v1', 'us');
  other = await cluster.images.push('app', 'v2', 'us');
  unsigned = await cluster.images.push('app', 'v3', 'nobody');
  // It was there before us: its first revision is unsigned.
  await cluster.create(manifest('Deployment', 'old', oneContainer(unsigned.name)));
  await cluster.plane.kubectl(['rollout', 'status', 'deployment/old', '--timeout=30s']);
  const receivers = { receivers: [{ template: 'keybase', receiverUrl: `${receiver.url}/all` }] };
  await cluster.install({ alerting: { admitRequest: receivers, rejectRequest: receivers } });
});

afterAll(async () => {
  await cluster?.stop();
  await receiver?.close();
});

const fresh = (): string => `it-${(serial += 1)}`;

/** The image in every position, but for one of them. */
function podWith(position: Position, image: string): Json {
  const images = Object.fromEntries(POSITIONS.map((known) => [known, signed.name])) as Record<
    Position,
    string
  >;
  return podSpec({ ...images, [position]: image });
}

describe.for(KINDS)('K01 K02 K05 K06 K10–K13 a %s', (kind) => {
  test.for(POSITIONS)('with an unsigned image as %s is denied, and nothing is stored', async (position) => {
    const name = fresh();
    const message = await expectDenied(
      cluster.create(manifest(kind, name, podWith(position, unsigned.name))),
    );
    // K52: the others are as they should be.
    expect(message).toContain(unsigned.name);
    expect(message).not.toContain(signed.name);
    expect(await cluster.get(kind, name, 'default')).toBeUndefined();
  });

  test('with signed images is stored with their digests in every position', async () => {
    const name = fresh();
    const result = await cluster.create(manifest(kind, name, podWith('container', other.name)));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const images = imagesIn(podIn(await cluster.get(kind, name, 'default')));
    expect(images.map((image) => image.split('@')[1])).toEqual([
      signed.digest,
      signed.digest,
      other.digest,
      signed.digest,
    ]);
    if (kind === 'PodTemplate' || kind === 'CronJob') return;
    const pod = kind === 'Pod' ? `pod/${name}` : '';
    await cluster.waitFor(`pods of ${kind} ${name}`, async () => {
      const selector = pod === '' ? ['pods', '-l', `app=${name}`] : [pod];
      const phases = await cluster.read(
        pod === '' ? '{.items[*].status.phase}' : '{.status.phase}',
        ...selector,
      );
      return phases === 'Running' || phases === 'Succeeded';
    });
    await cluster.plane.kubectl(['delete', kind, name, '--wait=false']);
  });
});

test('a CronJob’s Job made by hand has the image that was verified', async () => {
  const name = fresh();
  await cluster.create(manifest('CronJob', name, oneContainer(signed.name)));
  await cluster.plane.kubectl(['create', 'job', `${name}-now`, `--from=cronjob/${name}`]);
  expect(await cluster.read('{.spec.template.spec.containers[0].image}', 'job', `${name}-now`)).toContain(
    signed.digest,
  );
});

describe('a pod that runs', () => {
  beforeAll(async () => {
    await cluster.create(manifest('Pod', 'runs', podWith('container', signed.name)));
    await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/runs', '--timeout=30s']);
  });

  test('K03 kubectl debug with an unsigned image is denied, with a signed one it is pinned', async () => {
    const debug = (image: string) =>
      cluster.plane.tryKubectl(['debug', 'runs', `--image=${image}`, '--', 'sleep', '1']);
    await expectDenied(debug(unsigned.name));
    expect((await debug(other.name)).code).toBe(0);
    expect(await cluster.read('{.spec.ephemeralContainers[*].image}', 'pod', 'runs')).toContain(other.digest);
  });

  test.for([
    { name: 'K08 of a container', path: '/spec/containers/0/image' },
    { name: 'K09 of an init container', path: '/spec/initContainers/0/image' },
  ])('a new image $name is verified', async ({ path }) => {
    const set = (value: string) =>
      cluster.plane.tryKubectl([
        'patch',
        'pod',
        'runs',
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'replace', path, value }]),
      ]);
    await expectDenied(set(unsigned.name));
    expect(await set(other.name)).toMatchObject({ code: 0 });
    expect(imagesIn(podIn(await cluster.get('pod', 'runs', 'default')))).toContainEqual(
      expect.stringContaining(other.digest),
    );
  });

  test('K17 is resized and labelled without a look at its registry', async () => {
    const before = cluster.images.requests('app');
    const resources = { requests: { cpu: '10m' } };
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources }] } });
    await cluster.plane.tryKubectl(['patch', 'pod', 'runs', '--subresource=resize', '-p', patch]);
    await cluster.plane.kubectl(['label', 'pod', 'runs', 'tier=web']);
    await cluster.plane.kubectl(['annotate', 'pod', 'runs', 'note=x']);
    expect(cluster.images.requests('app')).toBe(before);
  });
});

describe('a Deployment', () => {
  const set = (name: string, image: string) =>
    cluster.plane.tryKubectl(['set', 'image', `deployment/${name}`, `main=${image}`]);
  const rolledOut = (name: string) =>
    cluster.plane.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=30s']);

  test('is scaled, restarted and rolled back while its images are signed', async () => {
    await cluster.create(manifest('Deployment', 'web', oneContainer(signed.name)));
    await rolledOut('web');
    await cluster.plane.kubectl(['scale', 'deployment/web', '--replicas=3']);
    await rolledOut('web');
    expect(await set('web', other.name)).toMatchObject({ code: 0 });
    await cluster.plane.kubectl(['rollout', 'restart', 'deployment/web']);
    await rolledOut('web');
    await cluster.plane.kubectl(['rollout', 'undo', 'deployment/web', '--to-revision=1']);
    await rolledOut('web');
    const images = (
      await cluster.read(
        '{.items[*].spec.containers[0].image}',
        'pods',
        '-l',
        'app=web',
        '--field-selector=status.phase=Running',
      )
    ).split(' ');
    expect(new Set(images.map((image) => image.split('@')[1]))).toContain(signed.digest);
    expect(await cluster.read('{.status.readyReplicas}', 'deployment', 'web')).toBe('3');
  });

  test('K19 fewer replicas do not carry a new image in', async () => {
    const patch = {
      spec: { replicas: 1, template: { spec: { containers: [{ name: 'main', image: unsigned.name }] } } },
    };
    await expectDenied(cluster.plane.tryKubectl(['patch', 'deployment', 'web', '-p', JSON.stringify(patch)]));
    expect(await cluster.read('{.spec.replicas}', 'deployment', 'web')).toBe('3');
  });

  test('K50 is not rolled back to what was there before us and is not signed', async () => {
    expect(await set('old', signed.name)).toMatchObject({ code: 0 });
    await rolledOut('old');
    await expectDenied(cluster.plane.tryKubectl(['rollout', 'undo', 'deployment/old']));
    expect(await set('old', other.name)).toMatchObject({ code: 0 });
    await rolledOut('old');
    expect(
      await cluster.plane.tryKubectl(['rollout', 'undo', 'deployment/old', '--to-revision=2']),
    ).toMatchObject({ code: 0 });
  });

  test('K20 gets no new image while it is being deleted', async () => {
    await cluster.create(
      manifest('Deployment', 'going', oneContainer(signed.name), { finalizers: ['test.example/hold'] }),
    );
    await cluster.plane.kubectl(['delete', 'deployment', 'going', '--wait=false']);
    await expectDenied(set('going', unsigned.name));
    // And what takes the finalizer off is not refused.
    await cluster.plane.kubectl([
      'patch',
      'deployment',
      'going',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    ]);
    await cluster.waitFor(
      'the end of the Deployment',
      async () => (await cluster.get('deployment', 'going', 'default')) === undefined,
    );
  });

  test('K22 that claims to be deleted when it is created is verified', async () => {
    await expectDenied(
      cluster.create(
        manifest('Deployment', fresh(), oneContainer(unsigned.name), {
          deletionTimestamp: '2020-01-01T00:00:00Z',
        }),
      ),
    );
  });
});

describe('K42 a dry run', () => {
  test('has the same answer, stores nothing and alerts nobody', async () => {
    const objects = {
      good: manifest('Pod', 'dry-good', oneContainer(signed.name)),
      bad: manifest('Pod', 'dry-bad', oneContainer(unsigned.name)),
    };
    const good = await cluster.create(
      objects.good,
      '--dry-run=server',
      '-o',
      'jsonpath={.spec.containers[0].image}',
    );
    expect(good.stdout).toContain(signed.digest);
    await expectDenied(cluster.create(objects.bad, '--dry-run=server'));
    // The twin that is meant: by the time its alerts are there, those of the dry run would be too.
    await cluster.create({ ...objects.good, metadata: { name: 'wet-good' } });
    await expectDenied(cluster.create({ ...objects.bad, metadata: { name: 'wet-bad' } }));
    const text = () => receiver.received.map(({ body }) => body).join('\n');
    await cluster.waitFor(
      'alerts of the real ones',
      async () => receiver.received.length > 0 && text().includes(unsigned.name),
    );
    expect(text()).not.toContain('dry-');
    expect(await cluster.get('pod', 'dry-good', 'default')).toBeUndefined();
  });
});

describe('server-side apply', () => {
  const apply = (image: string, name = 'ssa') =>
    cluster.plane.tryKubectl(
      ['apply', '--server-side', '-f', '-'],
      JSON.stringify(manifest('Deployment', name, oneContainer(image))),
    );

  test('of a signed image is pinned, again and again without a conflict', async () => {
    expect(await apply(signed.name)).toMatchObject({ code: 0 });
    expect(await apply(signed.name)).toMatchObject({ code: 0 });
    expect(imagesIn(podIn(await cluster.get('deployment', 'ssa', 'default')))[0]).toMatch(PINNED);
    expect(await apply(other.name)).toMatchObject({ code: 0 });
    expect(imagesIn(podIn(await cluster.get('deployment', 'ssa', 'default')))[0]).toContain(other.digest);
  });

  test('of an unsigned one is denied, new and over what is there', async () => {
    await expectDenied(apply(unsigned.name, 'ssa-new'));
    await expectDenied(apply(unsigned.name));
    expect(await cluster.get('deployment', 'ssa-new', 'default')).toBeUndefined();
  });
});

test('kubectl apply twice changes nothing the second time', async () => {
  const apply = () =>
    cluster.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify(manifest('Deployment', 'csa', oneContainer(signed.name))),
    );
  expect(await apply()).toContain('created');
  await apply();
  expect(await cluster.read('{.metadata.generation}', 'deployment', 'csa')).toBe('1');
});

describe('K35–K37 a mutating webhook that comes after us', () => {
  let injector: Injector;

  beforeAll(async () => {
    injector = await Injector.start('zz-mesh');
    await cluster.plane.kubectl(['create', 'namespace', 'mesh']);
    await cluster.waitFor(
      'service account',
      async () => (await cluster.get('serviceaccount', 'default', 'mesh')) !== undefined,
    );
    await cluster.create(injector.configuration('mesh'));
    injector.patch = () => [{ op: 'add', path: '/metadata/annotations', value: { mesh: 'on' } }];
    await cluster.waitFor('the injector in force', async () => {
      const { stdout } = await cluster.create(
        manifest('Pod', 'probe', oneContainer(signed.name)),
        '--namespace=mesh',
        '--dry-run=server',
        '-o',
        'jsonpath={.metadata.annotations.mesh}',
      );
      return stdout === 'on';
    });
  });

  afterAll(async () => {
    await cluster.plane.tryKubectl(['delete', 'mutatingwebhookconfiguration', 'zz-mesh']);
    await injector?.stop();
  });

  const sidecar = (image: string) => [
    { op: 'add', path: '/spec/containers/-', value: { name: 'mesh', image } },
  ];
  const rewrite = (value: string) => [{ op: 'replace', path: '/spec/containers/0/image', value }];
  const create = (name: string) =>
    cluster.create(manifest('Pod', name, oneContainer(signed.name)), '--namespace=mesh');

  test.for([
    { name: 'K35 an unsigned sidecar', patch: () => sidecar(unsigned.name) },
    { name: 'K36 another image in place of ours', patch: () => rewrite(unsigned.name) },
    { name: 'K36 the digest of another image', patch: () => rewrite(`${signed.name}@${unsigned.digest}`) },
    { name: 'K36 an image of another registry', patch: () => rewrite('ghcr.example/app:v1') },
  ])('$name is denied', async ({ patch }) => {
    injector.patch = patch;
    const name = fresh();
    await expectDenied(create(name));
    expect(await cluster.get('pod', name, 'mesh')).toBeUndefined();
  });

  test.for([
    {
      name: 'K35 a signed sidecar is pinned too',
      patch: () => sidecar(other.name),
      images: () => [signed.digest, other.digest],
    },
    {
      name: 'K36 a digest taken off again is put back',
      patch: () => rewrite(signed.name),
      images: () => [signed.digest],
    },
    { name: 'K37 nothing of ours changes what it added', patch: () => [], images: () => [signed.digest] },
  ])('$name', async ({ patch, images }) => {
    injector.patch = (pod) => (pod.spec.containers.length > 1 ? [] : patch());
    const name = fresh();
    expect(await create(name)).toMatchObject({ code: 0, stderr: '' });
    const stored = imagesIn(podIn(await cluster.get('pod', name, 'mesh')));
    expect(stored.map((image) => image.split('@')[1])).toEqual(images());
  });
});

describe('an object', () => {
  test('K43 with a generated name is pinned', async () => {
    const { metadata, ...pod } = manifest('Pod', 'unused', oneContainer(signed.name));
    void metadata;
    const { stdout } = await cluster.create({ ...pod, metadata: { generateName: 'made-' } }, '-o', 'json');
    const made: Json = JSON.parse(stdout);
    expect(made.metadata.name).toMatch(/^made-/);
    expect(imagesIn(made.spec)[0]).toMatch(PINNED);
  });

  test.for([
    {
      name: 'K49 an annotation that says it is verified',
      metadata: { annotations: { 'connaisseur.io/verified': 'true' } },
    },
    {
      name: 'K38 a mirror pod’s annotation',
      metadata: { annotations: { 'kubernetes.io/config.mirror': 'abc' } },
    },
    {
      name: 'P08 the label of namespaces on itself',
      metadata: { labels: { 'securesystemsengineering.connaisseur/webhook': 'ignore' } },
    },
  ])('$name lets nothing in', async ({ metadata }) => {
    const { code, stderr } = await cluster.create(
      manifest('Pod', fresh(), oneContainer(unsigned.name), metadata),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('denied the request');
  });

  test('K40 K41 without an image is denied', async () => {
    const { code } = await cluster.create(manifest('Pod', fresh(), { containers: [{ name: 'main' }] }));
    expect(code).toBe(1);
    const patch = '{"spec":{"template":{"spec":{"containers":[{"name":"more"}]}}}}';
    expect((await cluster.plane.tryKubectl(['patch', 'deployment', 'csa', '-p', patch])).code).toBe(1);
  });

  test('K54 with the same image many times asks the registry once', async () => {
    const image = await cluster.images.push('many', 'v1', 'us');
    const containers = Array.from({ length: 60 }, (_, index) => ({ name: `c-${index}`, image: image.name }));
    expect(await cluster.create(manifest('Pod', fresh(), { containers }))).toMatchObject({ code: 0 });
    const once = cluster.images.requests('many');
    expect(once).toBeLessThan(20);
  });

  test('K54 with more images than one request may have is denied with the reason', async () => {
    const containers = Array.from({ length: 300 }, (_, index) => ({
      name: `c-${index}`,
      image: cluster.images.name(`t${index}`, 'lots'),
    }));
    await expectDenied(cluster.create(manifest('Deployment', fresh(), { containers })), 'CNS-');
    expect(cluster.images.requests('lots')).toBe(0);
  });

  test.for([
    { name: 'signed by somebody else', tag: 'wrong' },
    { name: 'that is not there', tag: 'absent' },
  ])('with an image $name is denied', async ({ tag }) => {
    await expectDenied(
      cluster.plane.tryKubectl(['run', fresh(), `--image=${cluster.images.name(tag)}`]),
      'CNS-',
    );
  });
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

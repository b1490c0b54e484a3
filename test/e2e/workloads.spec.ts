// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// What a person and the built-in controllers do with workloads, each with an image that is signed and one that is not. The
// ids are those of the catalogue of attacks.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { VirtualReceiver } from '#testing';

import { Cluster, type Values } from './cluster.js';
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
import { ClusterApi, type Json } from './node/cluster-api.js';

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
  // So were these, with the tags that their authors wrote.
  await cluster.create(manifest('Deployment', 'tagged-signed', oneContainer(signed.name)));
  await cluster.create(manifest('Deployment', 'tagged-unsigned', oneContainer(unsigned.name)));
  await cluster.create(manifest('Pod', 'tagged', twoContainers(unsigned.name, signed.name)));
  await cluster.install(alertingTo({ receiverUrl: `${receiver.url}/all` }));
});

afterAll(async () => {
  await cluster?.stop();
  await receiver?.close();
});

function alertingTo(more: Values): Values {
  const receivers = { receivers: [{ template: 'keybase', ...more }] };
  return { alerting: { admitRequest: receivers, rejectRequest: receivers } };
}

const fresh = (): string => `it-${(serial += 1)}`;

/** The image in every position, but for one of them. */
function podWith(position: Position, image: string): Json {
  const images = Object.fromEntries(POSITIONS.map((known) => [known, signed.name])) as Record<
    Position,
    string
  >;
  return podSpec({ ...images, [position]: image });
}

function twoContainers(first: string, second: string): Json {
  return {
    containers: [
      { name: 'first', image: first },
      { name: 'second', image: second },
    ],
  };
}

// Before all others: a receiver hears so many alerts a second and no more, and would hear of these after those of all others.
describe('K42 a dry run', () => {
  test('has the same answer, stores nothing and alerts nobody', async () => {
    // Images that no other test asks for: every alert about them is one of these.
    const images = [
      await cluster.images.push('dry', 'good', 'us'),
      await cluster.images.push('dry', 'bad', 'nobody'),
    ] as const;
    const [{ name: good, digest }, { name: bad }] = images;
    const objects = {
      good: manifest('Pod', 'dry-good', oneContainer(good)),
      bad: manifest('Pod', 'dry-bad', oneContainer(bad)),
    };
    const dry = await cluster.create(
      objects.good,
      '--dry-run=server',
      '-o',
      'jsonpath={.spec.containers[0].image}',
    );
    expect(dry.stdout).toContain(digest);
    await expectDenied(cluster.create(objects.bad, '--dry-run=server'));
    // The twin that is meant: by the time its alerts are there, those of the dry run would be too.
    await cluster.create({ ...objects.good, metadata: { name: 'wet-good' } });
    await expectDenied(cluster.create({ ...objects.bad, metadata: { name: 'wet-bad' } }));
    const alerts = () =>
      receiver.received.filter(({ body }) => images.some(({ name }) => body.includes(name)));
    await cluster.waitFor('alerts of the real ones', async () => alerts().length >= images.length);
    // One of each, and none is under way.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(alerts()).toHaveLength(images.length);
    expect(await cluster.get('pod', 'dry-good', 'default')).toBeUndefined();
  });
});

describe.for(KINDS)('K01 K02 K05 K06 K10 K11 K12 K13 a %s', (kind) => {
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

  test('K17 is resized, told of, labelled and evicted without a look at its registry', async () => {
    const sized = (cpu: string) => ({ name: 'main', resources: { requests: { cpu } } });
    const pod = { containers: [{ ...sized('10m'), image: other.name }] };
    await cluster.create(manifest('Pod', 'sized', pod));
    const asked = cluster.images.requests('app');
    await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/sized', '--timeout=30s']);
    // A kubelet that can resize says so by telling what a container has.
    const has = { op: 'add', path: '/status/containerStatuses/0/resources', value: sized('10m').resources };
    await cluster.plane.kubectl([
      'patch',
      'pod',
      'sized',
      '--subresource=status',
      '--type=json',
      '-p',
      JSON.stringify([has]),
    ]);
    const patch = JSON.stringify({ spec: { containers: [sized('20m')] } });
    await cluster.plane.kubectl(['patch', 'pod', 'sized', '--subresource=resize', '-p', patch]);
    expect(await cluster.read('{.spec.containers[0].resources.requests.cpu}', 'pod', 'sized')).toBe('20m');
    await cluster.plane.kubectl(['label', 'pod', 'runs', 'tier=web']);
    await cluster.plane.kubectl(['annotate', 'pod', 'runs', 'note=x']);
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'sized', namespace: 'default' },
    };
    const path = '/api/v1/namespaces/default/pods/sized/eviction';
    await cluster.plane.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
    expect(cluster.images.requests('app')).toBe(asked);
  });

  test('K17 is not resized with another image', async () => {
    const patch = [{ op: 'replace', path: '/spec/containers/0/image', value: unsigned.name }];
    // The API server drops or refuses the image by itself; ours would refuse it too.
    await cluster.plane.tryKubectl([
      'patch',
      'pod',
      'runs',
      '--subresource=resize',
      '--type=json',
      '-p',
      JSON.stringify(patch),
    ]);
    const stored = imagesIn(podIn(await cluster.get('pod', 'runs', 'default')));
    expect(stored).not.toContainEqual(expect.stringContaining('app:v3'));
  });
});

describe('a Deployment', () => {
  const set = (name: string, image: string) =>
    cluster.plane.tryKubectl(['set', 'image', `deployment/${name}`, `main=${image}`]);
  const rolledOut = (name: string) =>
    cluster.plane.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=30s']);

  test('K18 is scaled, restarted and rolled back while its images are signed', async () => {
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

  test('K33 set to several images at the same moment ends with one that was verified', async () => {
    await cluster.create(manifest('Deployment', 'raced', oneContainer(signed.name)));
    const at = [signed, unsigned, other, unsigned, signed, other, unsigned, other];
    const results = await Promise.all(at.map(({ name }) => set('raced', name)));
    for (const [index, { code, stderr }] of results.entries()) {
      if (at[index] !== unsigned) continue;
      expect(code).toBe(1);
      expect(stderr).toContain('denied the request: CNS-1');
    }
    // Who came second to a conflict is told so; the first one won.
    expect(results.filter(({ code }) => code === 0)).not.toEqual([]);
    await rolledOut('raced');
    const path = '{range .items[*]}{.spec.template.spec.containers[0].image}{"\\n"}{end}';
    const images = await cluster.read(path, 'deployments,replicasets', '-l', 'app=raced');
    const final = await cluster.read('{.spec.template.spec.containers[0].image}', 'deployment', 'raced');
    const digests = [...images.trim().split('\n'), final].map((image) => image.split('@')[1]);
    expect(new Set([...digests, signed.digest, other.digest])).toEqual(
      new Set([signed.digest, other.digest]),
    );
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

describe('what was there before us with its tag', () => {
  const note = (kind: string, name: string) =>
    cluster.plane.tryKubectl(['annotate', kind, name, `note=${fresh()}`, '--overwrite']);

  test('K31 a template that is changed elsewhere is verified again, and pinned', async () => {
    await expectDenied(note('deployment', 'tagged-unsigned'));
    expect(await note('deployment', 'tagged-signed')).toMatchObject({ code: 0 });
    const image = (name: string) =>
      cluster.read('{.spec.template.spec.containers[0].image}', 'deployment', name);
    expect(await image('tagged-signed')).toContain(signed.digest);
    expect(await image('tagged-unsigned')).toBe(unsigned.name);
  });

  test('K31 a Pod goes on, and its images stay as they are', async () => {
    expect(await note('pod', 'tagged')).toMatchObject({ code: 0 });
    expect(imagesIn(podIn(await cluster.get('pod', 'tagged', 'default')))).toEqual([
      unsigned.name,
      signed.name,
    ]);
  });

  test('K32 a Pod’s image in another of its containers is verified', async () => {
    const set = (value: string) =>
      cluster.plane.tryKubectl(['set', 'image', 'pod/tagged', `second=${value}`]);
    await expectDenied(set(unsigned.name));
    expect(await set(other.name)).toMatchObject({ code: 0 });
    expect(imagesIn(podIn(await cluster.get('pod', 'tagged', 'default')))).toEqual([
      unsigned.name,
      expect.stringContaining(other.digest),
    ]);
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

  test('K04 an ephemeral container in a template is verified before the API server refuses it', async () => {
    const withDebugger = (image: string) => ({
      ...oneContainer(signed.name),
      ephemeralContainers: [{ name: 'debugger', image }],
    });
    await expectDenied(cluster.create(manifest('Deployment', fresh(), withDebugger(unsigned.name))));
    const { code, stderr } = await cluster.create(manifest('Deployment', fresh(), withDebugger(other.name)));
    expect({ code, isOurs: stderr.includes('denied the request') }).toEqual({ code: 1, isOurs: false });
    expect(stderr).toContain('ephemeral containers not allowed');
  });

  test('K07 an image that a CSI driver pulls is verified and pinned', async () => {
    const pod = (image: string) => ({
      ...oneContainer(signed.name),
      volumes: [{ name: 'data', csi: { driver: 'csi-image.warm-metal.tech', volumeAttributes: { image } } }],
    });
    await expectDenied(cluster.create(manifest('Pod', fresh(), pod(unsigned.name))));
    const name = fresh();
    expect(await cluster.create(manifest('Pod', name, pod(other.name)))).toMatchObject({ code: 0 });
    const path = '{.spec.volumes[?(@.name=="data")].csi.volumeAttributes.image}';
    expect(await cluster.read(path, 'pod', name)).toContain(other.digest);
  });

  test('K46 asked for with many others at once has its own answer', async () => {
    const asked = Array.from({ length: 24 }, (_, index) =>
      index % 3 === 0 ? unsigned : index % 3 === 1 ? signed : other,
    );
    const path = 'jsonpath={.spec.containers[0].image}';
    const answers = await Promise.all(
      asked.map((image) =>
        cluster.create(manifest('Pod', fresh(), oneContainer(image.name)), '--dry-run=server', '-o', path),
      ),
    );
    expect(answers.map(({ code, stdout }) => (code === 0 ? stdout.split('@')[1] : 'denied'))).toEqual(
      asked.map((image) => (image === unsigned ? 'denied' : image.digest)),
    );
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

test('P15 while the registry hangs for one image of two, the answer is no and says how many were not checked', async () => {
  const slow = await cluster.images.push('slow', 'v1', 'us');
  const pods = '/api/v1/namespaces/default/pods';
  const pod = manifest('Pod', fresh(), twoContainers(signed.name, slow.name));
  // kubectl would ask again and again.
  const api = new ClusterApi(cluster.plane.kubeconfig);
  cluster.images.registry.misbehave({ path: /\/slow\//, toxic: { kind: 'hang' } });
  try {
    await expect(api.create(pods, pod)).rejects.toThrow(
      /CNS-200[46] .*(?:1 of 2 images not checked|after validating 1\/2 images)/,
    );
    expect(await api.get(`${pods}/${pod.metadata.name}`)).toBeUndefined();
    cluster.images.back();
    const made = await cluster.waitFor('the twin', () => api.create(pods, pod).catch(() => undefined), 60);
    expect(imagesIn(made.spec).map((image) => image.split('@')[1])).toEqual([signed.digest, slow.digest]);
  } finally {
    cluster.images.back();
    api.close();
  }
});

test('P16 an alert that must arrive and cannot: what is signed waits, what is not is denied for what it is', async () => {
  const dead = { receiverUrl: 'http://127.0.0.1:9/all', failIfAlertSendingFails: true };
  expect((await cluster.tryUpgrade(alertingTo(dead))).code).toBe(0);
  const api = new ClusterApi(cluster.plane.kubeconfig);
  const create = (image: Image, query = '') =>
    api
      .create(`/api/v1/namespaces/default/pods${query}`, manifest('Pod', fresh(), oneContainer(image.name)))
      .then(
        ({ kind }) => kind as string,
        (error: Error) => error.message,
      );
  try {
    await cluster.waitFor('the receivers in force', async () => (await create(signed)).includes('CNS-3003'));
    expect(await create(unsigned)).toContain('CNS-1');
    // A dry run sends nothing, and needs nothing sent.
    expect(await create(signed, '?dryRun=All')).toBe('Pod');
    expect((await cluster.tryUpgrade(alertingTo({ ...dead, receiverUrl: `${receiver.url}/all` }))).code).toBe(
      0,
    );
    await cluster.waitFor('the twin', async () => (await create(signed)) === 'Pod');
  } finally {
    api.close();
  }
});

describe('what rules that are wider than ours bring us', () => {
  const ROLLOUTS = { apiGroups: ['argoproj.io'], apiVersions: ['v1alpha1'], resources: ['rollouts'] };
  const CORE = { apiGroups: [''], apiVersions: ['v1'] };

  /** Another configuration in front of our gateway, in force in the namespace `wide` while the action goes on. */
  async function withRules<T>(rules: Json[], action: () => Promise<T>, more: Json = {}): Promise<T> {
    const ours = await cluster.get('mutatingwebhookconfiguration', 'connaisseur-webhook');
    const [{ clientConfig }] = ours.webhooks;
    await cluster.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'wide' },
      webhooks: [
        {
          name: 'connaisseur-svc.connaisseur.svc',
          admissionReviewVersions: ['v1'],
          sideEffects: 'NoneOnDryRun',
          failurePolicy: 'Fail',
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'wide' } },
          clientConfig,
          rules,
          ...more,
        },
      ],
    });
    try {
      return await action();
    } finally {
      await cluster.plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'wide']);
    }
  }

  const wide = (...args: string[]) => cluster.plane.tryKubectl(['--namespace=wide', ...args]);
  const rollout = (name: string): Json => ({
    ...manifest('Deployment', name, oneContainer(signed.name)),
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
  });

  beforeAll(async () => {
    await cluster.plane.kubectl(['create', 'namespace', 'wide']);
    await cluster.waitFor(
      'service account',
      async () => (await cluster.get('serviceaccount', 'default', 'wide')) !== undefined,
    );
    const schema = {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    };
    await cluster.create({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'rollouts.argoproj.io' },
      spec: {
        group: 'argoproj.io',
        scope: 'Namespaced',
        names: { kind: 'Rollout', plural: 'rollouts', singular: 'rollout' },
        versions: [{ name: 'v1alpha1', served: true, storage: true, schema }],
      },
    });
    await cluster.waitFor(
      'the kind',
      async () => (await cluster.create(rollout('probe'), '--namespace=wide', '--dry-run=server')).code === 0,
    );
    for (const name of ['sets', 'runs'])
      await cluster.create(
        manifest(name === 'sets' ? 'Deployment' : 'Pod', name, oneContainer(signed.name)),
        '--namespace=wide',
      );
    await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/runs', '-n', 'wide', '--timeout=30s']);
  });

  test('K15 K16 a kind that we cannot read is denied; without such rules it is not our business', async () => {
    await withRules([{ ...ROLLOUTS, operations: ['CREATE', 'UPDATE'] }], async () => {
      const { stderr } = await cluster.waitFor('the rules in force', async () => {
        const result = await cluster.create(rollout('custom'), '--namespace=wide', '--dry-run=server');
        return result.code !== 0 && result;
      });
      expect(stderr).toContain('denied the request: CNS-3001');
    });
    await cluster.waitFor(
      'the end of the rules',
      async () => (await cluster.create(rollout('custom'), '--namespace=wide')).code === 0,
    );
  });

  test('K17 K18 K47 scale, eviction, binding, status and DELETE pass, CONNECT does not', async () => {
    const rules = [
      { ...CORE, operations: ['*'], resources: ['pods', 'pods/*'] },
      {
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        operations: ['*'],
        resources: ['deployments/*', 'deployments'],
      },
    ];
    await withRules(rules, async () => {
      // `exec` is a CONNECT; there is no kubelet that could answer it.
      const { stderr } = await cluster.waitFor('the rules in force', async () => {
        const result = await wide('exec', 'runs', '--', 'true');
        return result.stderr.includes('admission webhook') && result;
      });
      expect(stderr).toContain('denied the request: CNS-3001');
      expect(await wide('scale', 'deployment/sets', '--replicas=2')).toMatchObject({ code: 0 });
      expect(await wide('rollout', 'status', 'deployment/sets', '--timeout=40s')).toMatchObject({ code: 0 });
      await expectDenied(wide('set', 'image', 'deployment/sets', `main=${unsigned.name}`));
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'runs', namespace: 'wide' },
      };
      const path = '/api/v1/namespaces/wide/pods/runs/eviction';
      await cluster.plane.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
      expect(await wide('delete', 'deployment/sets', '--timeout=30s')).toMatchObject({ code: 0 });
    });
  });

  test('K45 reviews of v1beta1 are answered as what they are', async () => {
    const rules = [{ ...CORE, operations: ['CREATE'], resources: ['configmaps', 'pods'] }];
    const more = { admissionReviewVersions: ['v1beta1'] };
    const create = (image: Image) =>
      cluster.create(
        manifest('Pod', fresh(), oneContainer(image.name)),
        '--namespace=wide',
        '-o',
        'jsonpath={.spec.containers[0].image}',
      );
    await withRules(
      rules,
      async () => {
        const refused = await cluster.waitFor('the rules in force', async () => {
          const result = await wide('create', 'configmap', 'seen', '--dry-run=server');
          return result.code !== 0 && result;
        });
        // Our own words: the API server understood the answer.
        expect(refused.stderr).toContain('denied the request: CNS-3001');
        await expectDenied(create(unsigned));
        expect((await create(signed)).stdout).toContain(signed.digest);
      },
      more,
    );
  });
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

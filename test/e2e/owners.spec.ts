// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// Chains of owners: those that the real controllers make are admitted by what was admitted before, those that somebody
// writes by hand are verified like everything else.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { Cluster } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';
import type { Image } from './images.js';
import { type Kind, manifest, oneContainer } from './manifests.js';
import type { Json } from './node/cluster-api.js';

const MAKERS = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job',
] as const;
const FAILURE = '{.items[*].status.conditions[?(@.type=="ReplicaFailure")].message}';
const NOBODY = '00000000-0000-4000-8000-000000000000';

let cluster: Cluster;
let signed: Image;
let unsigned: Image;
let serial = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  signed = await cluster.images.push('app', 'v1', 'us');
  unsigned = await cluster.images.push('app', 'v2', 'nobody');
  for (const name of ['before-us', 'old']) {
    await cluster.create(manifest('Deployment', name, oneContainer(unsigned.name)));
    await cluster.plane.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=30s']);
  }
  await cluster.install({ application: { features: { cache: { expirySeconds: 1 } } } });
});

afterAll(async () => {
  await cluster?.stop();
});

const fresh = (): string => `it-${(serial += 1)}`;
const podsOf = (app: string) =>
  cluster.read(
    '{.items[*].metadata.uid}',
    'pods',
    '-l',
    `app=${app}`,
    '--field-selector=status.phase!=Failed',
  );

/** Child approvals that the gateway has counted, or other ends of a claim. */
async function approvals(result = 'approved'): Promise<number> {
  const [gateway] = cluster.node.podsOf('gateway');
  const text = await (await fetch(`http://${gateway?.address}:5080/metrics`)).text();
  const line = new RegExp(`^connaisseur_child_approvals_total\\{result="${result}"\\} (\\d+)`, 'm');
  return Number(line.exec(text)?.[1] ?? 0);
}

/** Another gateway takes the place of the one that runs: it remembers nothing. */
async function anotherGateway(): Promise<void> {
  const [old] = cluster.node.podsOf('gateway');
  await cluster.plane.kubectl(['delete', 'pod', old?.pod.metadata.name, '--namespace=connaisseur']);
  await cluster.plane.kubectl([
    'rollout',
    'status',
    'deployment/connaisseur',
    '--namespace=connaisseur',
    '--timeout=60s',
  ]);
  await cluster.waitFor('the Service at the new gateway', async () => {
    const { stderr } = await cluster.plane.tryKubectl([
      'run',
      'probe',
      `--image=${unsigned.name}`,
      '--dry-run=server',
    ]);
    return stderr.includes('denied the request: CNS-');
  });
}

function ownedPod(name: string, image: string, owner: Json, namespace = 'default'): Json {
  return manifest('Pod', name, oneContainer(image), {
    namespace,
    ownerReferences: [{ controller: true, ...owner }],
  });
}

async function ownerOf(kind: string, selector: string): Promise<Json> {
  const [live] = JSON.parse(await cluster.plane.kubectl(['get', kind, '-l', selector, '-o', 'json'])).items;
  return { apiVersion: live.apiVersion, kind: live.kind, name: live.metadata.name, uid: live.metadata.uid };
}

describe('with the registry away, and a gateway that remembers nothing', () => {
  const names = new Map<Kind, string>();

  beforeAll(async () => {
    for (const kind of MAKERS) {
      names.set(kind, fresh());
      await expectAdmitted(cluster.create(manifest(kind, names.get(kind) ?? '', oneContainer(signed.name))));
    }
    await cluster.waitFor('pods of all', async () =>
      (await Promise.all([...names.values()].map(podsOf))).every((uids) => uids !== ''),
    );
    cluster.images.away();
    await anotherGateway();
  });

  afterAll(() => {
    cluster.images.back();
  });

  test.for(MAKERS.filter((kind) => kind !== 'Job'))(
    'the pod that a %s’s controller makes anew runs, unasked',
    async (kind) => {
      const name = names.get(kind) ?? '';
      const [requests, before, uid] = [cluster.images.requests('app'), await approvals(), await podsOf(name)];
      await cluster.plane.kubectl(['delete', 'pods', '-l', `app=${name}`, '--wait=false']);
      await cluster.waitFor(`another pod of ${kind} ${name}`, async () => {
        const now = await podsOf(name);
        return now !== '' && !now.includes(uid);
      });
      await cluster.plane.kubectl([
        'wait',
        '--for=condition=Ready',
        'pod',
        '-l',
        `app=${name}`,
        '--timeout=20s',
      ]);
      expect(cluster.images.requests('app')).toBe(requests);
      expect(await approvals()).toBeGreaterThan(before);
    },
  );

  test('K25 a user’s pod with the same owner and the same image is no child', async () => {
    const owner = await ownerOf('replicaset', `app=${names.get('Deployment') ?? ''}`);
    const before = await approvals();
    // Its proof of before may still hold; the owner adds nothing to it.
    await cluster.create(ownedPod(fresh(), signed.pinned, owner));
    expect(await approvals()).toBe(before);
  });

  test('K28 a pod of a Deployment that was there before us is not made anew', async () => {
    // A controller that is told to ask again later asks for a minute before it says so.
    cluster.images.back();
    await cluster.plane.kubectl(['delete', 'pods', '-l', 'app=before-us', '--wait=false']);
    await cluster.waitFor('the refusal', async () =>
      (await cluster.read(FAILURE, 'replicasets', '-l', 'app=before-us')).includes(
        'denied the request: CNS-',
      ),
    );
    expect(await podsOf('before-us')).toBe('');
  });
});

describe('a pod of an unsigned image that claims an owner', () => {
  let real: Json;

  beforeAll(async () => {
    await expectAdmitted(cluster.create(manifest('Deployment', 'real', oneContainer(signed.name))));
    await cluster.plane.kubectl(['rollout', 'status', 'deployment/real', '--timeout=30s']);
    real = await ownerOf('replicaset', 'app=real');
    await cluster.plane.kubectl(['create', 'namespace', 'elsewhere']);
    await cluster.waitFor(
      'service account',
      async () => (await cluster.get('serviceaccount', 'default', 'elsewhere')) !== undefined,
    );
  });

  test.for<{ name: string; owner: (real: Json) => Json; namespace?: string; as?: string }>([
    {
      name: 'K23 that does not exist',
      owner: () => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'nobody', uid: NOBODY }),
    },
    { name: 'K24 that was admitted with another image', owner: (live) => live },
    {
      name: 'K24 the same, under the controller’s own name',
      owner: (live) => live,
      as: 'system:serviceaccount:kube-system:replicaset-controller',
    },
    { name: 'K26 of another namespace', owner: (live) => live, namespace: 'elsewhere' },
    { name: 'K26 under a new UID', owner: (live) => ({ ...live, uid: NOBODY }) },
    {
      name: 'K27 whose kind is a path',
      owner: (live) => ({ ...live, kind: 'replicasets/../../namespaces' }),
    },
    {
      name: 'K27 whose name is a path',
      owner: (live) => ({ ...live, name: '..%2f..%2fdeployments%2freal' }),
    },
    {
      name: 'K16 of a kind that somebody made up',
      owner: (live) => ({ ...live, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }),
    },
    { name: 'K16 that is a ConfigMap', owner: (live) => ({ ...live, apiVersion: 'v1', kind: 'ConfigMap' }) },
  ])('$name is denied', async ({ owner, namespace, as }) => {
    const name = fresh();
    const flags = as === undefined ? [] : [`--as=${as}`];
    await expectDenied(cluster.create(ownedPod(name, unsigned.name, owner(real), namespace), ...flags));
    expect(await cluster.get('pod', name, namespace ?? 'default')).toBeUndefined();
  });

  test('K25 a signed one is verified and pinned like any other', async () => {
    const name = fresh();
    const before = cluster.images.requests('app');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await expectAdmitted(cluster.create(ownedPod(name, signed.name, real)));
    expect(await cluster.read('{.spec.containers[0].image}', 'pod', name, '--ignore-not-found')).toMatch(
      /@sha256:|^$/,
    );
    expect(cluster.images.requests('app')).toBeGreaterThan(before);
  });

  test('K25 a Job by hand, as of a CronJob, is verified', async () => {
    await expectAdmitted(cluster.create(manifest('CronJob', 'nightly', oneContainer(signed.name))));
    const { apiVersion, kind, metadata } = await cluster.get('cronjob', 'nightly', 'default');
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
    await expectDenied(
      cluster.create(manifest('Job', fresh(), oneContainer(unsigned.name), { ownerReferences: [owner] })),
    );
  });
});

test('K30 an owner that the gateway may not read vouches for nothing: its pod has the proof of its own image', async () => {
  const name = fresh();
  await expectAdmitted(cluster.create(manifest('ReplicaSet', name, oneContainer(signed.name))));
  await cluster.waitFor('a pod', async () => (await podsOf(name)) !== '');
  const makeAnew = async () => {
    const uid = await podsOf(name);
    await cluster.plane.kubectl(['delete', 'pods', '-l', `app=${name}`, '--wait=false']);
    await cluster.waitFor('another pod', async () => {
      const now = await podsOf(name);
      return now !== '' && !now.includes(uid);
    });
  };
  const account = '--as=system:serviceaccount:connaisseur:connaisseur-serviceaccount';
  const mayRead = async () =>
    (await cluster.plane.tryKubectl(['auth', 'can-i', 'get', 'replicasets.apps', account])).code === 0;
  const binding = await cluster.waitFor('the binding', async () => await bindingOfGateway());
  expect(await mayRead()).toBe(true);
  await anotherGateway();
  await makeAnew();
  expect(await approvals()).toBeGreaterThan(0);

  await cluster.plane.kubectl(['delete', 'clusterrolebinding', binding.metadata.name]);
  await cluster.waitFor('the end of the right', async () => !(await mayRead()));
  // It remembers no owner, and no proof of the image either.
  await anotherGateway();
  await makeAnew();
  expect(await approvals()).toBe(0);
  expect(await approvals('no-owner')).toBeGreaterThan(0);

  const { resourceVersion, uid, creationTimestamp, managedFields, ...metadata } = binding.metadata;
  void [resourceVersion, uid, creationTimestamp, managedFields];
  await expectAdmitted(cluster.create({ ...binding, metadata }));
  await cluster.waitFor('the right again', mayRead);
});

/** The one that gives the gateway its rights in all namespaces. */
async function bindingOfGateway(): Promise<Json> {
  const list: Json = JSON.parse(await cluster.plane.kubectl(['get', 'clusterrolebindings', '-o', 'json']));
  return list.items.find(({ subjects = [] }: Json) =>
    subjects.some(
      ({ name, namespace }: Json) => namespace === 'connaisseur' && name === 'connaisseur-serviceaccount',
    ),
  );
}

test('K21 a Deployment that is being deleted takes no unsigned image into its pods', async () => {
  await expectAdmitted(
    cluster.create(
      manifest('Deployment', 'chain', oneContainer(signed.name), { finalizers: ['test.example/hold'] }),
    ),
  );
  await cluster.plane.kubectl(['delete', 'deployment', 'chain', '--wait=false']);
  await expectDenied(cluster.plane.tryKubectl(['set', 'image', 'deployment/chain', `main=${unsigned.name}`]));
  const { metadata } = await cluster.get('deployment', 'chain', 'default');
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'chain',
    uid: metadata.uid,
    controller: true,
  };
  await expectDenied(
    cluster.create(
      manifest('ReplicaSet', 'chain-x', oneContainer(unsigned.name), { ownerReferences: [owner] }),
    ),
  );
  await cluster.plane.kubectl([
    'patch',
    'deployment',
    'chain',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/metadata/finalizers"}]',
  ]);
});

test('K29 a tag that was moved to an unsigned image changes nothing in what was admitted', async () => {
  const moving = await cluster.images.push('moving', 'v1', 'us');
  await expectAdmitted(cluster.create(manifest('Deployment', 'moving', oneContainer(moving.name))));
  await cluster.plane.kubectl(['rollout', 'status', 'deployment/moving', '--timeout=30s']);
  await cluster.images.push('moving', 'v1', 'nobody');
  await cluster.plane.kubectl(['scale', 'deployment/moving', '--replicas=3']);
  await cluster.plane.kubectl(['rollout', 'status', 'deployment/moving', '--timeout=30s']);
  const images = await cluster.read('{.items[*].spec.containers[0].image}', 'pods', '-l', 'app=moving');
  expect(new Set(images.split(' ').map((image) => image.split('@')[1]))).toEqual(new Set([moving.digest]));
  await cluster.waitFor('the tag’s memory to end', async () => {
    const { stderr } = await cluster.plane.tryKubectl([
      'run',
      fresh(),
      `--image=${moving.name}`,
      '--dry-run=server',
    ]);
    return stderr.includes('CNS-1');
  });
});

test.for(['before-us', 'old'])(
  'what was there before us and is not signed is replaced by what is signed: %s',
  async (name) => {
    await expectAdmitted(
      cluster.plane.tryKubectl(['set', 'image', `deployment/${name}`, `main=${signed.name}`]),
    );
    await cluster.plane.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=40s']);
    const sets = await cluster.read('{.items[*].spec.replicas}', 'replicasets', '-l', `app=${name}`);
    expect(sets.split(' ').toSorted()).toEqual(['0', '1']);
  },
);

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

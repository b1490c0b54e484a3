// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// Which namespaces are validated, and how: by their names, by their labels, by rules; and who may change that.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { Cluster, type Values } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';
import type { Image } from './images.js';
import { manifest, oneContainer } from './manifests.js';

const LABEL = 'securesystemsengineering.connaisseur/webhook';

let cluster: Cluster;
let signed: Image;
let unsigned: Image;
let serial = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  signed = await cluster.images.push('app', 'v1', 'us');
  unsigned = await cluster.images.push('app', 'v2', 'nobody');
  await namespace('plain');
  await namespace('marked', `${LABEL}=ignore`);
  await namespace('watched', `${LABEL}=validate`);
  await namespace('trial-1');
  await namespace('sandbox', 'stage=trial');
  await namespace('kube-like');
  await cluster.install();
});

afterAll(async () => {
  await cluster?.stop();
});

async function namespace(name: string, label?: string): Promise<void> {
  await cluster.plane.kubectl(['create', 'namespace', name]);
  if (label !== undefined) await cluster.plane.kubectl(['label', 'namespace', name, label]);
  await cluster.waitFor(
    `service account of ${name}`,
    async () => (await cluster.get('serviceaccount', 'default', name)) !== undefined,
  );
}

const run = (image: Image, where: string, ...flags: string[]) =>
  cluster.plane.tryKubectl([
    'run',
    `it-${(serial += 1)}`,
    `--image=${image.name}`,
    `--namespace=${where}`,
    ...flags,
  ]);

/** Values of the features, in force: the gateway has them, and the API server the selectors. */
async function upgradeTo(application: Values): Promise<void> {
  const before = await revision();
  const { code, stderr } = await cluster.tryUpgrade({ application });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  await cluster.waitFor('the new configuration in the gateway', async () => (await revision()) !== before);
}

async function revision(): Promise<string> {
  const [gateway] = cluster.node.podsOf('gateway');
  const answer = await (await fetch(`http://${gateway?.address}:5080/ready`)).text();
  return /"revision":"([0-9a-f]+)"/.exec(answer)?.[1] ?? '';
}

/** Expects a yes where it is not looked, and a no where it is. */
async function expectValidated(where: string, isValidated: boolean): Promise<void> {
  if (isValidated) await expectDenied(run(unsigned, where));
  else await expectAdmitted(run(unsigned, where));
}

describe('as it comes', () => {
  test.for([
    { name: 'P08 a namespace is validated', where: 'plain', isValidated: true },
    { name: 'P08 the label that nobody asked for says nothing', where: 'marked', isValidated: true },
    { name: 'P08 nor does a name that looks like the system’s', where: 'kube-like', isValidated: true },
    { name: 'kube-system is exempt by its name', where: 'kube-system', isValidated: false },
    {
      name: 'D11 our own is exempt by its name, so that we can start',
      where: 'connaisseur',
      isValidated: false,
    },
  ])('$name', async ({ where, isValidated }) => {
    await expectValidated(where, isValidated);
  });

  test('P06 a rule that allows is not reached by its name inside another host’s path', async () => {
    const pause = (host: string) =>
      cluster.plane.tryKubectl([
        'run',
        `it-${(serial += 1)}`,
        `--image=${host}/pause:1`,
        '--namespace=plain',
      ]);
    for (const host of [
      'evil.example/registry.k8s.io',
      'registry.k8s.io.evil.example',
      'registry.k8s.io:444',
    ])
      await expectDenied(pause(host));
    await expectAdmitted(pause('registry.k8s.io'));
  });

  test('P11 a pod in a namespace of this moment is validated', async () => {
    await cluster.plane.kubectl(['create', 'namespace', 'newborn']);
    const { code, stderr } = await cluster.create(
      manifest('PodTemplate', 'early', oneContainer(unsigned.name)),
      '--namespace=newborn',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('denied the request: CNS-1');
  });

  test('D03 who may make pods in our namespace runs none there that we did not bring', async () => {
    await cluster.plane.kubectl(['create', 'serviceaccount', 'guest', '--namespace=plain']);
    await cluster.plane.kubectl([
      'create',
      'rolebinding',
      'guest',
      '--clusterrole=edit',
      '--serviceaccount=plain:guest',
      '--namespace=connaisseur',
    ]);
    const as = ['--kubeconfig', await cluster.plane.kubeconfigFor('guest', 'plain')];
    for (const image of [signed, unsigned]) {
      const { code, stderr } = await run(image, 'connaisseur', ...as);
      expect(code).toBe(1);
      expect(stderr).toContain('connaisseur-own-namespace');
    }
    // Its controllers make their pods all the same.
    await cluster.plane.kubectl([
      'rollout',
      'restart',
      'deployment/connaisseur-verifier',
      '--namespace=connaisseur',
    ]);
    await cluster.plane.kubectl([
      'rollout',
      'status',
      'deployment/connaisseur-verifier',
      '--namespace=connaisseur',
      '--timeout=60s',
    ]);
  });

  test('K44 the namespace of the request governs', async () => {
    const pod = manifest('Pod', 'elsewhere', oneContainer(unsigned.name), { namespace: 'kube-system' });
    expect((await cluster.create(pod, '--namespace=plain')).code).toBe(1);
  });
});

describe('mode ignore', () => {
  beforeAll(async () => {
    await upgradeTo({
      features: { namespacedValidation: { mode: 'ignore', insecureIgnoreNamespaces: ['plain', 'trial-*'] } },
    });
    await cluster.waitFor(
      'the selector in force',
      async () => (await run(unsigned, 'marked', '--dry-run=server')).code === 0,
    );
  });

  test.for([
    { name: 'a labelled namespace is not validated', where: 'marked', isValidated: false },
    { name: 'one that is named is not either', where: 'plain', isValidated: false },
    { name: 'nor one that a pattern names', where: 'trial-1', isValidated: false },
    { name: 'one with the other value is', where: 'watched', isValidated: true },
    { name: 'every other one is', where: 'sandbox', isValidated: true },
  ])('$name', async ({ where, isValidated }) => {
    await expectValidated(where, isValidated);
  });

  test('P08 the label is not for everybody who may edit a namespace', async () => {
    await cluster.plane.kubectl(['create', 'serviceaccount', 'editor', '--namespace=plain']);
    await cluster.plane.kubectl([
      'create',
      'clusterrole',
      'edits-namespaces',
      '--verb=get,patch,update,create',
      '--resource=namespaces',
    ]);
    await cluster.plane.kubectl([
      'create',
      'clusterrolebinding',
      'edits-namespaces',
      '--clusterrole=edits-namespaces',
      '--serviceaccount=plain:editor',
    ]);
    const kubeconfig = await cluster.plane.kubeconfigFor('editor', 'plain');
    const label = (...args: string[]) =>
      cluster.plane.tryKubectl(['--kubeconfig', kubeconfig, 'label', 'namespace', ...args]);
    const refused = await cluster.waitFor('the guard in force', async () => {
      const result = await label('sandbox', `${LABEL}=ignore`, '--dry-run=server');
      return result.code !== 0 && result;
    });
    expect(refused.stderr).toContain('needs the verb exempt');
    expect((await label('sandbox', 'team=a')).code).toBe(0);
    expect((await label('marked', `${LABEL}-`)).code).toBe(1);
    await cluster.plane.kubectl([
      'create',
      'clusterrole',
      'exempts',
      '--verb=exempt',
      '--resource=namespaces',
    ]);
    await cluster.plane.kubectl([
      'create',
      'clusterrolebinding',
      'exempts',
      '--clusterrole=exempts',
      '--serviceaccount=plain:editor',
    ]);
    await cluster.waitFor(
      'the verb in force',
      async () => (await label('sandbox', `${LABEL}=ignore`, '--dry-run=server')).code === 0,
    );
  });

  test('P09 without the label again, what is new is validated and no pod of before is made anew', async () => {
    await expectAdmitted(
      cluster.create(manifest('Deployment', 'free', oneContainer(unsigned.name)), '--namespace=marked'),
    );
    await cluster.plane.kubectl([
      'rollout',
      'status',
      'deployment/free',
      '--namespace=marked',
      '--timeout=30s',
    ]);
    await cluster.plane.kubectl(['label', 'namespace', 'marked', `${LABEL}-`]);
    await cluster.waitFor(
      'validation',
      async () => (await run(unsigned, 'marked', '--dry-run=server')).code === 1,
    );
    await cluster.plane.kubectl(['delete', 'pods', '--namespace=marked', '-l', 'app=free', '--wait=false']);
    await cluster.waitFor('the refusal in an Event', async () =>
      (
        await cluster.read(
          '{.items[*].message}',
          'events',
          '--namespace=marked',
          '--field-selector=reason=FailedCreate',
        )
      ).includes('denied the request'),
    );
    // And it can be mended and taken away.
    await expectAdmitted(
      cluster.plane.tryKubectl([
        'set',
        'image',
        'deployment/free',
        `main=${signed.name}`,
        '--namespace=marked',
      ]),
    );
    await cluster.plane.kubectl([
      'rollout',
      'status',
      'deployment/free',
      '--namespace=marked',
      '--timeout=30s',
    ]);
    await cluster.plane.kubectl([
      'delete',
      'deployment',
      'free',
      '--namespace=marked',
      '--cascade=foreground',
      '--timeout=20s',
    ]);
  });
});

describe('mode validate', () => {
  beforeAll(async () => {
    await upgradeTo({ features: { namespacedValidation: { mode: 'validate' } } });
    await cluster.waitFor(
      'the selector in force',
      async () => (await run(unsigned, 'sandbox', '--dry-run=server')).code === 0,
    );
  });

  test.for([
    { name: 'a labelled namespace is validated', where: 'watched', isValidated: true },
    { name: 'one with the other value is not', where: 'kube-like', isValidated: false },
    { name: 'one without is not', where: 'plain', isValidated: false },
  ])('$name', async ({ where, isValidated }) => {
    await expectValidated(where, isValidated);
  });
});

describe('detection', () => {
  /** A yes with a warning that says what would have been. */
  async function expectWarned(where: string): Promise<void> {
    const { code, stdout, stderr } = await run(unsigned, where);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pod\/it-\d+ created\n$/);
    expect(stderr).toMatch(/^Warning: \[detection mode\] CNS-1.* - would be DENIED$/m);
  }

  test('by name and by label of the namespace; elsewhere it is enforced', async () => {
    await upgradeTo({
      features: {
        insecureDetectOnlyIn: {
          namespaces: ['trial-*'],
          namespaceSelector: { matchLabels: { stage: 'trial' } },
        },
      },
    });
    await cluster.waitFor(
      'the selector in force',
      async () => (await run(unsigned, 'plain', '--dry-run=server')).code === 1,
    );
    await cluster.waitFor(
      'the gateway with its new rights',
      async () => (await run(unsigned, 'sandbox', '--dry-run=server')).code === 0,
    );
    await expectWarned('trial-1');
    await expectWarned('sandbox');
    await expectValidated('plain', true);
    // A label on the object is not the namespace's.
    await expectDenied(
      cluster.create(manifest('Pod', 'liar', oneContainer(unsigned.name), { labels: { stage: 'trial' } })),
    );
  });

  test('P02 for all: nothing is denied, everything is said, what is signed is pinned', async () => {
    await upgradeTo({ features: { detectionMode: true } });
    await expectWarned('plain');
    const { stdout, stderr } = await run(signed, 'plain', '-o', 'jsonpath={.spec.containers[0].image}');
    expect(stderr).toBe('');
    expect(stdout).toContain(signed.digest);
  });
});

test('a rule for some namespaces holds in these alone', async () => {
  await upgradeTo({
    policy: [
      { pattern: '*:*', validator: 'deny' },
      {
        pattern: 'docker.io/securesystemsengineering/*:*',
        validator: 'dockerhub',
        with: { trustRoot: 'sse', verifyInTransparencyLog: false },
      },
      { pattern: 'docker.io/securesystemsengineering/app:*', validator: 'allow', namespaces: ['trial-*'] },
    ],
  });
  await cluster.waitFor(
    'enforcement',
    async () => (await run(unsigned, 'plain', '--dry-run=server')).code === 1,
  );
  await expectAdmitted(run(unsigned, 'trial-1'));
  await expectValidated('plain', true);
  await expectAdmitted(run(signed, 'plain'));
});

describe('rules that are weaker than proof and pin', () => {
  const DENY = { pattern: '*:*', validator: 'deny' };
  const proof = (pattern: string, more: Values = {}) => ({
    pattern,
    validator: 'dockerhub',
    with: { trustRoot: 'sse', verifyInTransparencyLog: false, ...more },
  });
  const stored = async (reference: string) => {
    const name = `it-${(serial += 1)}`;
    await expectAdmitted(
      cluster.plane.tryKubectl(['run', name, `--image=${reference}`, '--namespace=plain']),
    );
    return await cluster.read('{.spec.containers[0].image}', 'pod', name, '--namespace=plain');
  };

  test('P05 a wide static allow asks no registry and pins nothing, and is a finding', async () => {
    const wide = 'docker.io/securesystemsengineering/*:*';
    await upgradeTo({
      policy: [DENY, { pattern: wide, validator: 'allow' }, proof(wide.replace('*', 'app'))],
    });
    const free = await cluster.images.push('free', 'v1', 'nobody');
    await cluster.waitFor(
      'the policy',
      async () => (await run(free, 'plain', '--dry-run=server')).code === 0,
    );
    expect(await stored(free.name)).toBe(free.name);
    expect(cluster.images.requests('free')).toBe(0);
    // The twin: what a stricter rule wants proof for is looked at and pinned.
    expect(await stored(signed.name)).toContain(signed.digest);
    await expectDenied(run(unsigned, 'plain'));
    await upgradeTo({ policy: [DENY, { pattern: '*.example/*:*', validator: 'allow' }] });
    await cluster.waitFor('the finding', async () =>
      cluster.node.output('gateway').includes('wildcard-host-allow'),
    );
  });

  test('P07 where nothing is patched, a tag stays and a digest is the one that is proven', async () => {
    const pattern = 'docker.io/securesystemsengineering/*:*';
    await upgradeTo({ policy: [DENY, proof(pattern, { mode: 'insecureValidateOnly' })] });
    await cluster.waitFor(
      'the policy',
      async () => (await run(signed, 'plain', '--dry-run=server')).code === 0,
    );
    expect(await stored(signed.name)).toBe(signed.name);
    expect(await stored(signed.pinned)).toBe(signed.pinned);
    await expectDenied(run(unsigned, 'plain'));
    // The tag of a signed image with the digest of one that is not: the digest is what would run.
    await expectDenied(run({ ...unsigned, name: `${signed.name}@${unsigned.digest}` }, 'plain'));
  });
});

test('P03 where only pods are enforced, no template vouches for its pods', async () => {
  await upgradeTo({ features: { resourceValidationMode: 'podsOnly', cache: { expirySeconds: 0 } } });
  const create = (name: string, image: Image) =>
    cluster.create(manifest('ReplicaSet', name, oneContainer(image.name)), '--namespace=plain');
  await cluster.waitFor('the mode', async () => (await create('lax', unsigned)).code === 0);
  const said = () =>
    cluster.read('{.status.conditions[*].message}', 'replicaset', 'lax', '--namespace=plain');
  await cluster.waitFor('the refusal of its pod', async () => (await said()).includes('denied the request'));
  expect((await create('strict', signed)).code).toBe(0);
  const pods = () =>
    cluster.read('{.items[*].spec.containers[0].image}', 'pods', '--namespace=plain', '-l', 'app=strict');
  await cluster.waitFor('its pod', async () => (await pods()).includes(signed.digest));
  const [gateway] = cluster.node.podsOf('gateway');
  const metrics = await (await fetch(`http://${gateway?.address}:5080/metrics`)).text();
  expect(metrics).not.toMatch(/^connaisseur_child_approvals_total\{[^}]*\} [1-9]/m);
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

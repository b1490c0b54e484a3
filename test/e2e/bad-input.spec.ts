// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// What a person gets wrong when installing: a clear message before anything is changed, and a cluster that goes on working.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { CommandResult } from '../interop/world/index.js';
import { CHART, Cluster, NAMESPACE, type Values } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';
import { Injector } from './injector.js';
import type { Json } from './node/cluster-api.js';

const BROKEN_KEY = '-----BEGIN PUBLIC KEY-----\nbroken\n-----END PUBLIC KEY-----\n';

let cluster: Cluster;
let serial = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
});

const fresh = (): string => `it-${(serial += 1)}`;
const runSigned = () =>
  cluster.plane.tryKubectl(['run', fresh(), `--image=${cluster.images.name('signed')}`]);
const runUnsigned = () =>
  cluster.plane.tryKubectl(['run', fresh(), `--image=${cluster.images.name('unsigned')}`]);

/** Everything with our label or name in the cluster, kind by kind; what `prepare` looks at and leaves is nothing. */
async function ours(): Promise<readonly string[]> {
  const kinds =
    'deployments,services,secrets,configmaps,serviceaccounts,jobs,pods,leases,networkpolicies,roles,rolebindings,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,priorityclasses,poddisruptionbudgets';
  const names = await cluster.plane.kubectl([
    'get',
    kinds,
    '--all-namespaces',
    '--no-headers',
    '-o',
    'custom-columns=KIND:.kind,NAME:.metadata.name',
  ]);
  return (
    names
      .split('\n')
      .map((line) => line.trim().replaceAll(/\s+/g, ' '))
      // The Job that refused is kept: its log says why.
      .filter((line) => /connaisseur/.test(line) && !/^(?:Job|Pod) connaisseur-prepare/.test(line))
  );
}

async function expectUntouched(result: CommandResult): Promise<void> {
  expect(result.code).not.toBe(0);
  expect(await ours()).toEqual([]);
  // Nobody verifies, nobody is in the way.
  await expectAdmitted(runUnsigned());
}

describe('before anything is changed', () => {
  test.for<{ name: string; values: Values; says: RegExp }>([
    {
      name: 'P01 a word for a boolean',
      values: { application: { features: { detectionMode: 'False' } } },
      says: /detectionMode/,
    },
    { name: 'P17 an unknown key', values: { application: { feature: {} } }, says: /feature/ },
    { name: 'an unknown key of ours', values: { kubernetes: { gateway: { replicas: 3 } } }, says: /gateway/ },
    {
      name: 'P04 half of a fail-open',
      values: { kubernetes: { webhook: { unsafeFailOpen: true } } },
      says: /unsafeFailOpen/,
    },
    {
      name: 'P10 an opt-out by labels of objects',
      values: { kubernetes: { webhook: { objectSelector: {} } } },
      says: /objectSelector/,
    },
    {
      name: 'a private key in values',
      values: { kubernetes: { deployment: { tls: { key: 'k' } } } },
      says: /private key/,
    },
    {
      name: 'own certificates without a Secret',
      values: { kubernetes: { certificates: { source: 'own' } } },
      says: /secretName/,
    },
    {
      name: 'D13 no gateway at all',
      values: { kubernetes: { deployment: { replicasCount: 0 } } },
      says: /replicasCount/,
    },
  ])('$name: helm says so, and where', async ({ values, says }) => {
    const result = await cluster.tryInstall(values);
    expect(result.stderr).toMatch(says);
    await expectUntouched(result);
  });

  test.for(['default', 'kube-public'])('D14 a release into %s is refused', async (namespace) => {
    const result = await cluster.plane.tryHelm([
      'install',
      'connaisseur',
      CHART,
      '--namespace',
      namespace,
      '--values',
      cluster.valuesFile({}),
    ]);
    expect(result.stderr).toContain(`namespace ${namespace}`);
    await expectUntouched(result);
  });

  test('a Secret that the values name is missing: the hook says which, and helm stops there', async () => {
    const validators = [
      ...cluster.values()['application'].validators,
      {
        name: 'internal',
        type: 'cosign',
        auth: { secretName: 'registry-login' },
        trustRoots: [{ name: 'a', key: cluster.images.publicKey }],
      },
    ];
    const result = await cluster.tryInstall({ application: { validators } });
    expect(cluster.node.output('installer')).toContain('registry-login');
    expect(cluster.node.output('installer')).toContain('make them first; nothing was changed');
    await expectUntouched(result);
  });

  test.for<{ name: string; application: Json; says: RegExp }>([
    {
      name: 'a rule without its validator',
      application: { policy: [{ pattern: '*:*', validator: 'nobody' }] },
      says: /config\.yaml:\d+:\d+ {2}policy\[0\].*nobody/,
    },
    {
      name: 'a broken key',
      application: {
        validators: [{ name: 'deny', type: 'cosign', trustRoots: [{ name: 'default', key: BROKEN_KEY }] }],
        policy: [{ pattern: '*:*', validator: 'deny' }],
      },
      says: /config\.yaml:\d+:\d+ {2}validators\[0\]\.trustRoots\[0\]\.key/,
    },
  ])('P17 $name: the hook says where, and nothing is there', async ({ application, says }) => {
    const result = await cluster.tryInstall({ application });
    expect(cluster.node.output('installer')).toMatch(says);
    expect(cluster.node.output('installer')).toContain('connaisseur lint');
    await expectUntouched(result);
  });

  test('a broken certificate of one’s own: the hook says what is wrong with it', async () => {
    await cluster.plane.tryKubectl(['create', 'namespace', NAMESPACE]);
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'my-tls', namespace: NAMESPACE },
      stringData: { 'tls.crt': 'no certificate', 'tls.key': 'no key', 'ca.crt': 'no certificate' },
    });
    const certificates = { source: 'own', secretName: 'my-tls' };
    const result = await cluster.tryInstall({ kubernetes: { certificates } });
    expect(cluster.node.output('installer')).toContain('Secret my-tls, tls.crt: expected');
    await cluster.plane.kubectl(['delete', 'secret', 'my-tls', '--namespace', NAMESPACE]);
    await expectUntouched(result);
  });

  test('D14 Connaisseur 3 is there: the hook prints the lines that move it over', async () => {
    const webhook = {
      name: 'connaisseur-svc.old.svc',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      rules: [],
      clientConfig: { service: { name: 'connaisseur-svc', namespace: 'old' } },
    };
    await cluster.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'connaisseur-webhook', labels: { 'helm.sh/chart': 'connaisseur-3.8.0' } },
      webhooks: [webhook],
    });
    const result = await cluster.tryInstall();
    expect(result.code).not.toBe(0);
    expect(cluster.node.output('installer')).toContain('helm uninstall connaisseur -n old');
    await cluster.plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'connaisseur-webhook']);
    await expectUntouched(result);
  });
});

describe('what only a gateway can tell', () => {
  test('a variable that no gateway can read: helm rolls back, and nothing is armed at any time', async () => {
    const deployment = { envs: { DETECTION_MODE: 'perhaps' } };
    const result = await cluster.tryInstall({ kubernetes: { deployment } }, ['--timeout=30s']);
    expect(result.code).not.toBe(0);
    expect(cluster.node.output('gateway')).toContain('DETECTION_MODE');
    expect((await ours()).filter((line) => /Webhook/.test(line))).toEqual([]);
    await expectAdmitted(runUnsigned());
  });
});

describe('after all that', () => {
  beforeAll(async () => {
    await cluster.install();
  });

  test('the right values install', async () => {
    await expectDenied(runUnsigned());
    await expectAdmitted(runSigned());
  });

  test('D14 a second release is refused, and the first one goes on', async () => {
    const second = await cluster.plane.tryHelm([
      'install',
      'second',
      CHART,
      '--create-namespace',
      '--namespace',
      'second',
      '--values',
      cluster.valuesFile({}),
      '--timeout=60s',
    ]);
    expect(second.code).not.toBe(0);
    expect(second.stderr + cluster.node.output('installer')).toMatch(
      /second-release|expected no other release|cannot be imported/,
    );
    await cluster.plane.tryHelm(['uninstall', 'second', '--namespace', 'second']);
    await expectDenied(runUnsigned());
    await expectAdmitted(runSigned());
  });

  test('values that are wrong do not upgrade, and what was right goes on', async () => {
    expect((await cluster.tryUpgrade({ application: { unknown: true } })).stderr).toMatch(/unknown/);
    await expectDenied(runUnsigned());
    await expectAdmitted(runSigned());
  });

  test('a configuration that no gateway would load does not upgrade: the hook says so, and nothing is changed', async () => {
    const rendered = () =>
      cluster.read('{.data}', 'configmap', 'connaisseur-app-config', '--namespace', NAMESPACE);
    const before = await rendered();
    const policy = [{ pattern: '*:*', validator: 'somebody' }];
    expect((await cluster.tryUpgrade({ application: { policy } })).code).not.toBe(0);
    expect(cluster.node.output('installer')).toContain('somebody');
    expect(await rendered()).toBe(before);
    await expectDenied(runUnsigned());
    await expectAdmitted(runSigned());
  });

  test('P14 a configuration that got past helm never replaces one that is right', async () => {
    const data = {
      'config.yaml': JSON.stringify({
        validators: [{ name: 'allow', type: 'static', approve: true }],
        policy: [{ pattern: '*:*', validator: 'nobody' }],
      }),
    };
    await cluster.plane.kubectl([
      'patch',
      'configmap',
      'connaisseur-app-config',
      '--namespace',
      NAMESPACE,
      '--type=merge',
      '--patch',
      JSON.stringify({ data }),
    ]);
    await cluster.waitFor('the complaint', async () => cluster.node.output('gateway').includes('nobody'));
    await expectDenied(runUnsigned());
    await expectAdmitted(runSigned());
    expect((await cluster.tryUpgrade()).code).toBe(0);
  });

  test.for([
    { name: 'the right name', host: 'connaisseur-svc.connaisseur.svc' },
    { name: 'another name', host: '127.0.0.1' },
  ])(
    'D05 endpoints that lead to somebody else, with a certificate for $name: denied, unasked',
    async ({ host }) => {
      // It would say yes to everything.
      const impostor = await Injector.start('impostor', host);
      const [gateway] = cluster.node.podsOf('gateway');
      try {
        await cluster.plane.routeService(NAMESPACE, 'connaisseur-svc', impostor.port);
        for (const attempt of [runUnsigned, runSigned]) {
          const { code, stderr } = await cluster.waitFor('the endpoints in force', async () => {
            const result = await attempt();
            return result.stderr.includes('failed calling webhook') && result;
          });
          expect(code).toBe(1);
          expect(stderr).toContain('x509: certificate');
        }
        expect(impostor.calls).toBe(0);
      } finally {
        await cluster.plane.routeService(NAMESPACE, 'connaisseur-svc', 5000, {
          host: gateway?.address ?? '',
        });
        await impostor.stop();
      }
      await cluster.waitFor('the right endpoints', async () => (await runSigned()).code === 0);
      await expectDenied(runUnsigned());
    },
  );

  test('no gateway answers: what is verified stops with the reason, everything else goes on', async () => {
    await expectAdmitted(
      cluster.plane.tryKubectl(['create', 'deployment', 'lives', `--image=${cluster.images.name('signed')}`]),
    );
    await cluster.plane.kubectl(['rollout', 'status', 'deployment/lives', '--timeout=30s']);
    await cluster.plane.kubectl([
      'scale',
      'deployment/connaisseur',
      '--replicas=0',
      '--namespace',
      NAMESPACE,
    ]);
    const stopped = await cluster.waitFor('the end of the gateway', async () => {
      const result = await runSigned();
      return result.stderr.includes('failed calling webhook') && result;
    });
    expect(stopped.stderr).toContain('connaisseur-svc.connaisseur.svc');
    await expectAdmitted(cluster.plane.tryKubectl(['create', 'configmap', 'goes-on']));
    await expectAdmitted(
      cluster.plane.tryKubectl(['run', 'system', '--image=any', '--namespace=kube-system']),
    );
    await cluster.plane.kubectl(['delete', 'deployment', 'lives', '--timeout=20s']);
    // D11: our own pods need nobody’s leave to come back.
    await cluster.plane.kubectl([
      'scale',
      'deployment/connaisseur',
      '--replicas=1',
      '--namespace',
      NAMESPACE,
    ]);
    await cluster.waitFor('protection', async () => (await runSigned()).code === 0);
    await expectDenied(runUnsigned());
  });
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

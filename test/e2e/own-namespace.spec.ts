// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// Pods of our own namespace are not verified: who may run something there, on a real API server with real controllers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { type CommandResult, type ControlPlane, MINORS, startControlPlane } from '../interop/world/index.js';
import { manifest, oneContainer } from './manifests.js';
import type { Json } from './node/cluster-api.js';

const NAMESPACE = 'connaisseur';
const POLICY = 'connaisseur-own-namespace';
const DENIED = `those who may patch the ValidatingAdmissionPolicy ${POLICY}`;
/** In whose name things are tried: all that RBAC can give in our namespace, and nothing outside it. */
const NAMESPACE_ADMIN = ['--as=eve', '--as-group=system:authenticated'];

describe.for(MINORS)('D03 our own namespace on %s', (minor) => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane({ minor });
    await plane.kubectl(['create', 'namespace', NAMESPACE]);
    await plane.kubectl([
      'create',
      'rolebinding',
      'eve',
      '--clusterrole=admin',
      '--user=eve',
      '-n',
      NAMESPACE,
    ]);
    await plane.kubectl([
      'create',
      'clusterrole',
      'pods',
      '--verb=*',
      '--resource=pods,pods/ephemeralcontainers',
    ]);
    await plane.kubectl([
      'create',
      'rolebinding',
      'eve-pods',
      '--clusterrole=pods',
      '--user=eve',
      '-n',
      NAMESPACE,
    ]);
    await create(manifest('Deployment', 'ours', oneContainer('connaisseur:1')));
    await plane.kubectl(['apply', '-f', '-'], await policy(plane));
    // The API server reads policies by a watch.
    await plane.waitFor('the policy', async () => {
      const probe = manifest('Pod', 'probe', oneContainer('evil'));
      return (await create(probe, ...NAMESPACE_ADMIN, '--dry-run=server')).stderr.includes(DENIED);
    });
  });

  afterAll(async () => {
    await plane?.stop();
  });

  const create = async (object: Json, ...args: string[]): Promise<CommandResult> =>
    await plane.tryKubectl(['-n', NAMESPACE, 'create', '-f', '-', ...args], JSON.stringify(object));
  const as = async (who: readonly string[], ...args: string[]): Promise<CommandResult> =>
    await plane.tryKubectl(['-n', NAMESPACE, ...args, ...who]);

  test.for([
    'Pod',
    'ReplicationController',
    'ReplicaSet',
    'Deployment',
    'StatefulSet',
    'DaemonSet',
    'Job',
    'CronJob',
  ] as const)(
    'an administrator of the namespace alone makes no %s; whoever installs the chart does',
    async (kind) => {
      const object = manifest(kind, `try-${kind.toLowerCase()}`, oneContainer('connaisseur:1'));
      const { code, stderr } = await create(object, ...NAMESPACE_ADMIN);
      expect({ code, isDenied: stderr.includes(DENIED) }, stderr).toEqual({ code: 1, isDenied: true });
      expect((await create(object, '--dry-run=server')).stderr).toBe('');
    },
  );

  test('the same is nobody’s business in another namespace', async () => {
    await plane.kubectl([
      'create',
      'rolebinding',
      'eve',
      '--clusterrole=admin',
      '--user=eve',
      '-n',
      'default',
    ]);
    const { code } = await plane.tryKubectl(
      ['-n', 'default', 'create', '-f', '-', ...NAMESPACE_ADMIN],
      JSON.stringify(manifest('Deployment', 'mine', oneContainer('app:1'))),
    );
    expect(code).toBe(0);
  });

  test.for([
    { name: 'another image', args: ['set', 'image', 'deployment/ours', 'main=evil'] },
    {
      name: 'another command',
      args: [
        'patch',
        'deployment/ours',
        '--type=json',
        '--patch',
        '[{"op":"add","path":"/spec/template/spec/containers/0/command","value":["node","-e","1"]}]',
      ],
    },
    { name: 'another account', args: ['set', 'serviceaccount', 'deployment/ours', 'connaisseur-installer'] },
    { name: 'more environment', args: ['set', 'env', 'deployment/ours', 'NODE_OPTIONS=--require=/evil'] },
  ])('$name for what runs already is denied', async ({ args }) => {
    expect((await as(NAMESPACE_ADMIN, ...args)).stderr).toContain(DENIED);
  });

  test('an ephemeral container is denied', async () => {
    const pod = await podOf(plane, 'ours');
    const { stderr } = await as(NAMESPACE_ADMIN, 'debug', pod, '--image=evil', '--profile=general');
    expect(stderr).toContain(DENIED);
  });

  test.for([
    { name: 'restarted', args: ['rollout', 'restart', 'deployment/ours'] },
    { name: 'scaled', args: ['scale', 'deployment/ours', '--replicas=2'] },
    { name: 'annotated', args: ['annotate', 'deployment/ours', 'note=seen'] },
  ])('what runs may be $name', async ({ args }) => {
    expect((await as(NAMESPACE_ADMIN, ...args)).stderr).toBe('');
    await plane.kubectl(['-n', NAMESPACE, 'rollout', 'status', 'deployment/ours', '--timeout=60s']);
  });

  test('a pod that is gone comes back, and an upgrade to another image is rolled out and back', async () => {
    await plane.kubectl(['-n', NAMESPACE, 'delete', 'pod', await podOf(plane, 'ours')]);
    await plane.kubectl(['-n', NAMESPACE, 'rollout', 'status', 'deployment/ours', '--timeout=60s']);
    for (const change of [
      ['set', 'image', 'deployment/ours', 'main=registry.example/other:2'],
      ['rollout', 'undo', 'deployment/ours'],
    ]) {
      await plane.kubectl(['-n', NAMESPACE, ...change]);
      await plane.kubectl(['-n', NAMESPACE, 'rollout', 'status', 'deployment/ours', '--timeout=60s']);
    }
  });

  test('a Job of the chart gets its pod, also from whom only the rights to install were given', async () => {
    const rights = ['create', 'clusterrole', 'installer', '--verb=patch'];
    await plane.kubectl([...rights, `--resource=validatingadmissionpolicies`, `--resource-name=${POLICY}`]);
    await plane.kubectl(['create', 'clusterrolebinding', 'ivan', '--clusterrole=installer', '--user=ivan']);
    await plane.kubectl([
      'create',
      'rolebinding',
      'ivan',
      '--clusterrole=admin',
      '--user=ivan',
      '-n',
      NAMESPACE,
    ]);
    const job = manifest('Job', 'connaisseur-arm', oneContainer('connaisseur:2'));
    expect((await create(job, '--as=ivan')).stderr).toBe('');
    await plane.waitFor('a pod of the Job', async () => {
      const path = ['-o', 'jsonpath={.items[*].metadata.name}'];
      return await plane.kubectl(['-n', NAMESPACE, 'get', 'pods', '-l', 'job-name=connaisseur-arm', ...path]);
    });
  });

  test('what runs goes away when it is deleted', async () => {
    expect((await as(NAMESPACE_ADMIN, 'delete', 'deployment/ours', '--timeout=60s')).code).toBe(0);
  });

  test('all pods of the chart fit the Pod Security label that the notes propose', async () => {
    const { stderr } = await plane.tryKubectl([
      'label',
      'namespace',
      NAMESPACE,
      'pod-security.kubernetes.io/enforce=restricted',
      '--dry-run=server',
    ]);
    // The pods of this test do not, and the API server says so: the label is one that it reads.
    expect(stderr).toContain('restricted');
    const workloads = (await rendered(plane)).filter(({ kind }) => kind === 'Deployment' || kind === 'Job');
    await plane.kubectl(['create', 'namespace', 'restricted']);
    await plane.kubectl([
      'label',
      'namespace',
      'restricted',
      'pod-security.kubernetes.io/enforce=restricted',
      'pod-security.kubernetes.io/warn=restricted',
    ]);
    for (const { metadata, spec } of workloads) {
      const pod = {
        ...manifest('Pod', metadata.name, {
          ...spec.template.spec,
          priorityClassName: undefined,
          serviceAccountName: 'default',
        }),
      };
      const { code, stderr: said } = await plane.tryKubectl(
        ['-n', 'restricted', 'create', '--dry-run=server', '-f', '-'],
        JSON.stringify(pod),
      );
      expect({ code, said }, metadata.name).toEqual({ code: 0, said: '' });
    }
  });
});

async function podOf(plane: ControlPlane, app: string): Promise<string> {
  const path = ['-o', 'jsonpath={.items[0].metadata.name}'];
  return await plane.kubectl(['-n', NAMESPACE, 'get', 'pods', '-l', `app=${app}`, ...path]);
}

async function rendered(plane: ControlPlane): Promise<Json[]> {
  const text = await plane.helm([
    'template',
    'connaisseur',
    'deploy/chart',
    '--namespace',
    NAMESPACE,
    '--kube-version',
    '1.34.4',
  ]);
  return parseAllDocuments(text)
    .map((document): Json => document.toJS())
    .filter((object: Json) => object !== null);
}

async function policy(plane: ControlPlane): Promise<string> {
  return (await rendered(plane))
    .filter(({ kind, metadata }) => kind.startsWith('ValidatingAdmissionPolicy') && metadata.name === POLICY)
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
}

// What each service account of the chart may do, as the API server says it: this and nothing else (D06, D08).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseAllDocuments } from 'yaml';

import { Cluster, NAMESPACE } from './cluster.js';
import type { Json } from './node/cluster-api.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.install();
  await installerIsThere();
});

afterAll(async () => {
  await cluster?.stop();
});

/** The installer’s account lives while a hook runs; here it stays. */
async function installerIsThere(): Promise<void> {
  const hooks = await cluster.plane.helm(['get', 'hooks', 'connaisseur', '--namespace', NAMESPACE]);
  const wanted = parseAllDocuments(hooks)
    .map((document) => document.toJS())
    .filter((object) => /^(?:ServiceAccount|(?:Cluster)?Role(?:Binding)?)$/.test(object?.kind));
  for (const object of wanted)
    await cluster.plane.kubectl(['apply', '--namespace', NAMESPACE, '-f', '-'], JSON.stringify(object));
}

/** `get,patch secrets connaisseur-ca`: what `kubectl auth can-i --list` has beyond what everybody may. */
async function rightsOf(account: string, namespace: string): Promise<readonly string[]> {
  const as = `--as=system:serviceaccount:${NAMESPACE}:${account}`;
  const list = await cluster.plane.kubectl([
    'auth',
    'can-i',
    '--list',
    as,
    '--as-group=system:authenticated',
    '--as-group=system:serviceaccounts',
    '--namespace',
    namespace,
    '--no-headers',
  ]);
  return list
    .trimEnd()
    .split('\n')
    .map((line) => /^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/.exec(line) ?? [])
    .filter(([, resource = '', urls]) => urls === '' && !resource.startsWith('selfsubject'))
    .map(([, resource, , names, verbs]) =>
      `${verbs?.split(' ').toSorted().join(',')} ${resource} ${names}`.trim(),
    )
    .toSorted();
}

const WEBHOOKS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
  (kind) => `${kind}.admissionregistration.k8s.io connaisseur-webhook`,
);
const SECRETS = ['ca', 'tls', 'redis-tls', 'redis-acl', 'gateway-bus', 'verifier-bus', 'alerting-bus'].map(
  (name) => `connaisseur-${name}`,
);
const OWNERS = [
  'pods',
  'replicationcontrollers',
  'deployments.apps',
  'replicasets.apps',
  'daemonsets.apps',
  'statefulsets.apps',
  'jobs.batch',
  'cronjobs.batch',
];
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  'connaisseur-serviceaccount': OWNERS.map((kind) => `get ${kind}`),
  'connaisseur-verifier': [],
  'connaisseur-alerting': [],
  'connaisseur-redis': [],
  'connaisseur-keeper': WEBHOOKS.map((kind) => `create,get,list,patch,watch ${kind}`),
  'connaisseur-installer': [
    ...WEBHOOKS.map((kind) => `create,delete,get,patch ${kind}`),
    'get namespaces kube-system',
  ],
  default: [],
};
/** Besides, in the namespace of the release. */
const AT_HOME: Readonly<Record<string, readonly string[]>> = {
  'connaisseur-keeper': [
    'get,patch secrets connaisseur-ca',
    'get,patch secrets connaisseur-tls',
    'get,patch leases.coordination.k8s.io connaisseur-keeper',
    'create events.events.k8s.io',
  ],
  'connaisseur-installer': [
    'create secrets',
    ...SECRETS.map((name) => `get secrets ${name}`),
    'get deployments.apps connaisseur',
    'create,get,patch leases.coordination.k8s.io connaisseur-keeper',
  ],
};

describe.for(Object.keys(EVERYWHERE))('%s', (account) => {
  test('may do this in its own namespace', async () => {
    const expected = [...(EVERYWHERE[account] ?? []), ...(AT_HOME[account] ?? [])].toSorted();
    expect(await rightsOf(account, NAMESPACE)).toEqual(expected);
  });

  test.for(['default', 'kube-system'])('may do this in %s', async (namespace) => {
    expect(await rightsOf(account, namespace)).toEqual((EVERYWHERE[account] ?? []).toSorted());
  });
});

test.for([
  { account: 'connaisseur-keeper', args: ['get', 'secrets/connaisseur-gateway-bus'], may: false },
  { account: 'connaisseur-keeper', args: ['get', 'secrets/connaisseur-ca'], may: true },
  {
    account: 'connaisseur-keeper',
    args: ['delete', 'mutatingwebhookconfigurations/connaisseur-webhook'],
    may: false,
  },
  { account: 'connaisseur-keeper', args: ['patch', 'mutatingwebhookconfigurations/another'], may: false },
  {
    account: 'connaisseur-keeper',
    args: ['patch', 'mutatingwebhookconfigurations/connaisseur-webhook'],
    may: true,
  },
  { account: 'connaisseur-serviceaccount', args: ['get', 'secrets'], may: false },
  { account: 'connaisseur-serviceaccount', args: ['list', 'pods'], may: false },
  { account: 'connaisseur-serviceaccount', args: ['get', 'pods'], may: true },
  { account: 'connaisseur-serviceaccount', args: ['create', 'pods/exec'], may: false },
  { account: 'connaisseur-installer', args: ['patch', 'secrets/connaisseur-ca'], may: false },
  { account: 'connaisseur-installer', args: ['list', 'secrets'], may: false },
  {
    account: 'connaisseur-installer',
    args: ['delete', 'validatingwebhookconfigurations/connaisseur-webhook'],
    may: true,
  },
])('with the token of $account: kubectl auth can-i $args is $may', async ({ account, args, may }) => {
  const kubeconfig = await cluster.plane.kubeconfigFor(account, NAMESPACE);
  const { stdout } = await cluster.plane.tryKubectl(['--kubeconfig', kubeconfig, 'auth', 'can-i', ...args]);
  expect(stdout.trim()).toBe(may ? 'yes' : 'no');
});

test('D08 only who needs a token has one', () => {
  const hasToken = (component: string) =>
    cluster.node
      .podsOf(component)
      .every(({ pod }) => pod.spec.volumes.some(({ name }: Json) => name.startsWith('kube-api-access-')));
  expect(['gateway', 'keeper', 'verifier', 'alerting', 'redis'].filter(hasToken)).toEqual([
    'gateway',
    'keeper',
  ]);
});

test('D06 no pod has another component’s key', () => {
  const mounted = (component: string) =>
    new Set(
      cluster.node
        .podsOf(component)
        .flatMap(({ pod }) =>
          pod.spec.volumes.flatMap(({ secret }: Json) => (secret === undefined ? [] : [secret.secretName])),
        ),
    );
  expect(mounted('gateway')).toEqual(new Set(['connaisseur-tls', 'connaisseur-gateway-bus']));
  expect(mounted('verifier')).toEqual(new Set(['connaisseur-verifier-bus']));
  expect(mounted('alerting')).toEqual(new Set(['connaisseur-alerting-bus']));
  expect(mounted('redis')).toEqual(new Set(['connaisseur-redis-tls', 'connaisseur-redis-acl']));
  expect(mounted('keeper')).toEqual(new Set());
});

test('D03 D04 in our namespace a person’s rights are what they were: nothing of ours is bound to groups', async () => {
  const bindings = JSON.parse(
    await cluster.plane.kubectl([
      'get',
      'clusterrolebindings,rolebindings',
      '-A',
      '-l',
      'app.kubernetes.io/part-of=connaisseur-ts',
      '-o',
      'json',
    ]),
  );
  const subjects = bindings.items.flatMap((item: Json) =>
    item.subjects.map(({ kind, namespace }: Json) => `${kind} ${namespace}`),
  );
  expect(new Set(subjects)).toEqual(new Set([`ServiceAccount ${NAMESPACE}`]));
});

import { expect, test } from 'vitest';

import { describeWithHelm, objects, one, pods, type Yaml } from './helm.js';
import { VALUE_SETS } from './value-sets.js';

/** `namespace|verb group/resource name`: one line for each thing that somebody may do. `*` is anywhere, or any name. */
function granted(all: readonly Yaml[], account: string): string[] {
  const bindings = all.filter(
    ({ kind, subjects = [] }) =>
      kind.endsWith('Binding') && subjects.some(({ name }: Yaml) => name === account),
  );
  const lines = bindings.flatMap(({ kind, metadata, roleRef }): string[] => {
    const namespace = roleRef.kind === 'Role' ? metadata.namespace : undefined;
    const role = all.find(
      (object) =>
        object.kind === roleRef.kind &&
        object.metadata.name === roleRef.name &&
        object.metadata.namespace === namespace,
    );
    const place = kind === 'RoleBinding' ? metadata.namespace : '*';
    return role.rules.flatMap((rule: Yaml) => linesOf(rule).map((line) => `${place}|${line}`));
  });
  return lines.toSorted();
}

function linesOf({ apiGroups, resources, resourceNames = ['*'], verbs }: Yaml): string[] {
  const pairs = apiGroups.flatMap((group: string) =>
    resources.map((resource: string) => `${group}/${resource}`),
  );
  return pairs.flatMap((pair: string) =>
    verbs.flatMap((verb: string) => resourceNames.map((name: string) => `${verb} ${pair} ${name}`)),
  );
}

const OWNERS = [
  '/pods',
  '/replicationcontrollers',
  'apps/daemonsets',
  'apps/deployments',
  'apps/replicasets',
  'apps/statefulsets',
  'batch/cronjobs',
  'batch/jobs',
];
const values = (application: Yaml, kubernetes: Yaml = {}): Yaml => ({ values: { application, kubernetes } });

describeWithHelm('a gateway may', () => {
  test.for<{ name: string; set: Yaml; expected: string[] }>([
    { name: 'read owners, by default', set: {}, expected: OWNERS.map((owner) => `*|get ${owner} *`) },
    {
      name: 'do nothing without child approval',
      set: values({ features: { automaticChildApproval: false } }),
      expected: [],
    },
    {
      name: 'do nothing with podsOnly',
      set: values({ features: { resourceValidationMode: 'PodsOnly' } }),
      expected: [],
    },
    {
      name: 'read Secrets of the namespaces that opted in',
      set: values({
        features: { automaticChildApproval: false, imagePullSecrets: { namespaces: ['shop'] } },
      }),
      expected: ['shop|get /secrets *', 'shop|get /serviceaccounts *'],
    },
    {
      name: 'read labels of namespaces where detection goes by them',
      set: values({
        features: {
          automaticChildApproval: false,
          insecureDetectOnlyIn: { namespaceSelector: { matchLabels: { stage: 'dev' } } },
        },
      }),
      expected: ['*|get /namespaces *'],
    },
  ])('$name', ({ set, expected }) => {
    const all = objects(set);
    expect(granted(all, 'connaisseur-serviceaccount')).toEqual(expected.toSorted());
    const { spec } = one(all, 'Deployment', 'connaisseur').spec.template;
    expect(spec.automountServiceAccountToken).toBe(expected.length > 0);
  });
});

const EVENTS = [
  '*|create events.k8s.io/events *',
  '*|get apps/replicasets *',
  '*|get batch/jobs *',
  '*|patch events.k8s.io/events *',
];
const reporting = (resource: string): string[] =>
  ['create', 'get', 'patch'].map((verb) => `*|${verb} ${resource} *`);

describeWithHelm('alerting may', () => {
  test.for<{ name: string; features: Yaml; expected: string[] }>([
    { name: 'do nothing, with both off', features: { policyReports: 'off' }, expected: [] },
    { name: 'write Events', features: { kubernetesEvents: true }, expected: EVENTS },
    {
      name: 'write reports of one kind',
      features: { policyReports: 'wgpolicyk8s' },
      expected: reporting('wgpolicyk8s.io/policyreports'),
    },
    {
      name: 'write all of them',
      features: { kubernetesEvents: true, policyReports: 'auto' },
      expected: [
        ...EVENTS,
        ...reporting('openreports.io/reports'),
        ...reporting('wgpolicyk8s.io/policyreports'),
      ],
    },
  ])('$name', ({ features, expected }) => {
    const all = objects(values({ features }));
    expect(granted(all, 'connaisseur-alerting')).toEqual(expected.toSorted());
    const { spec } = one(all, 'Deployment', 'connaisseur-alerting').spec.template;
    expect(spec.automountServiceAccountToken).toBe(expected.length > 0);
    const { egress } = one(all, 'NetworkPolicy', 'connaisseur-alerting').spec;
    expect(JSON.stringify(egress).includes('6443')).toBe(expected.length > 0);
  });
});

describeWithHelm('D06 D08 who may do what', () => {
  test.for(['connaisseur-verifier', 'connaisseur-alerting', 'connaisseur-redis'])(
    '%s may do nothing and has no token',
    (account) => {
      const all = objects();
      expect(granted(all, account)).toEqual([]);
      const specs = pods(all).filter(({ spec }) => spec.serviceAccountName === account);
      expect(specs.length).toBeGreaterThan(0);
      expect(specs.map(({ spec }) => spec.automountServiceAccountToken)).toEqual(specs.map(() => false));
    },
  );

  test('the keeper changes what it rotates and both configurations, by name', () => {
    const hooks = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
    expect(granted(objects(), 'connaisseur-keeper')).toEqual(
      [
        ...['ca', 'tls'].flatMap((name) =>
          ['get', 'patch'].map((verb) => `connaisseur|${verb} /secrets connaisseur-${name}`),
        ),
        ...['get', 'patch'].map(
          (verb) => `connaisseur|${verb} coordination.k8s.io/leases connaisseur-keeper`,
        ),
        'connaisseur|create events.k8s.io/events *',
        ...hooks.flatMap((hook) =>
          ['get', 'list', 'watch', 'create', 'patch'].map(
            (verb) => `*|${verb} admissionregistration.k8s.io/${hook} connaisseur-webhook`,
          ),
        ),
      ].toSorted(),
    );
    const own = objects({
      values: { kubernetes: { certificates: { source: 'own', secretName: 'my-tls' } } },
    });
    expect(granted(own, 'connaisseur-keeper').filter((line) => line.includes('/secrets'))).toEqual([
      'connaisseur|get /secrets my-tls',
    ]);
  });

  test('the installer makes Secrets and changes none', () => {
    const lines = granted(objects(), 'connaisseur-installer');
    expect(lines.filter((line) => line.includes('/secrets') && !line.includes('|get '))).toEqual([
      'connaisseur|create /secrets *',
    ]);
    expect(lines.filter((line) => line.startsWith('*|') && line.endsWith(' *'))).toEqual([]);
    expect(lines).toContain(
      '*|delete admissionregistration.k8s.io/validatingwebhookconfigurations connaisseur-webhook',
    );
  });

  test.for(VALUE_SETS)(
    '$name: nobody may read all Secrets, use "*", impersonate, escalate or bind',
    (set) => {
      const all = objects(set);
      const rules = all
        .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
        .flatMap(({ rules: own }) => own);
      expect(
        rules.filter((rule) =>
          /"\*"|impersonate|escalate|"bind"|tokenrequests|serviceaccounts\/token/.test(JSON.stringify(rule)),
        ),
      ).toEqual([]);
      const cluster = all.filter(({ kind }) => kind === 'ClusterRole').flatMap(({ rules: own }) => own);
      expect(cluster.filter(({ resources }) => resources.includes('secrets'))).toEqual([]);
    },
  );

  test('what the Jobs need is gone when they are done', () => {
    const all = objects();
    const mine = all.filter(
      ({ kind, metadata }) => metadata.name === 'connaisseur-installer' && kind !== 'NetworkPolicy',
    );
    const kinds = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
    expect(new Set(mine.map(({ kind }) => kind))).toEqual(new Set(kinds));
    for (const { metadata } of mine) {
      expect(metadata.annotations['helm.sh/hook-delete-policy']).toBe('before-hook-creation,hook-succeeded');
    }
  });
});

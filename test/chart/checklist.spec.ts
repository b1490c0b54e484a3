// Over 200 lines: one table, a row for each item that the rendered chart must show.
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import {
  describeWithHelm,
  has,
  objects,
  one,
  pods,
  type RenderOptions,
  webhooks,
  type Yaml,
} from './helm.js';
import { VALUE_SETS } from './value-sets.js';

const DEFAULT = objectsOf({});
const OURS = ['gateway', 'verifier', 'alerting'];
const DEPLOYMENTS: Record<string, string> = {
  gateway: 'connaisseur',
  verifier: 'connaisseur-verifier',
  alerting: 'connaisseur-alerting',
};

function objectsOf(kubernetes: Yaml, application?: Yaml, options: RenderOptions = {}): () => Yaml[] {
  return () =>
    objects({ ...options, values: { kubernetes, ...(application === undefined ? {} : { application }) } });
}

/** The one webhook of each configuration. */
function both(all: readonly Yaml[]): { mutate: Yaml; validate: Yaml } {
  const { mutating, validating } = webhooks(all);
  expect([mutating.webhooks.length, validating.webhooks.length]).toEqual([1, 1]);
  return { mutate: mutating.webhooks[0], validate: validating.webhooks[0] };
}

function deployment(all: readonly Yaml[], component: string): Yaml {
  return one(all, 'Deployment', DEPLOYMENTS[component] ?? `connaisseur-${component}`);
}

function container(all: readonly Yaml[], component: string): Yaml {
  return deployment(all, component).spec.template.spec.containers[0];
}

function envOf(all: readonly Yaml[], component: string): Record<string, string> {
  return Object.fromEntries(container(all, component).env.map(({ name, value }: Yaml) => [name, value]));
}

const NAME = 'kubernetes.io/metadata.name';
const LABEL = 'securesystemsengineering.connaisseur/webhook';

interface Item {
  readonly item: string;
  readonly check: () => void;
}

/** security-and-faults.md §4, row by row, on the rendered manifests. */
const WEBHOOK_ROWS: Item[] = [
  {
    item: 'two webhooks, one service, two paths, the names that users know',
    check: () => {
      const { mutate, validate } = both(DEFAULT());
      expect(mutate.name).toBe('connaisseur-svc.connaisseur.svc');
      expect(validate.name).toBe(mutate.name);
      const service = { name: 'connaisseur-svc', namespace: 'connaisseur', port: 443 };
      expect(mutate.clientConfig).toEqual({ service: { ...service, path: '/mutate' } });
      expect(validate.clientConfig).toEqual({ service: { ...service, path: '/validate' } });
    },
  },
  {
    item: 'P04 failurePolicy Fail; Ignore is the mutating one’s; for both it takes two words',
    check: () => {
      const policies = (webhook: Yaml): string[] => {
        const { mutate, validate } = both(objectsOf({ webhook })());
        return [mutate.failurePolicy, validate.failurePolicy];
      };
      expect(policies({})).toEqual(['Fail', 'Fail']);
      expect(policies({ failurePolicy: 'Ignore' })).toEqual(['Ignore', 'Fail']);
      expect(policies({ failurePolicy: 'Ignore', unsafeFailOpen: true })).toEqual(['Ignore', 'Ignore']);
    },
  },
  {
    item: 'timeouts 15 and 10, sideEffects, matchPolicy, reviews of v1',
    check: () => {
      const { mutate, validate } = both(DEFAULT());
      const common = {
        sideEffects: 'NoneOnDryRun',
        matchPolicy: 'Equivalent',
        admissionReviewVersions: ['v1'],
      };
      expect(mutate).toMatchObject({ ...common, timeoutSeconds: 15, reinvocationPolicy: 'IfNeeded' });
      expect(validate).toMatchObject({ ...common, timeoutSeconds: 10 });
    },
  },
  {
    item: 'K53 exactly the kinds that carry images, on CREATE and UPDATE, and no "*"',
    check: () => {
      const { mutate, validate } = both(DEFAULT());
      expect(validate.rules).toEqual(mutate.rules);
      const named = mutate.rules.flatMap((rule: Yaml) => {
        expect(rule).toMatchObject({
          operations: ['CREATE', 'UPDATE'],
          apiVersions: ['v1'],
          scope: 'Namespaced',
        });
        return rule.resources.map((resource: string) => `${rule.apiGroups[0]}/${resource}`);
      });
      expect(named.toSorted()).toEqual([
        '/pods',
        '/pods/ephemeralcontainers',
        '/pods/resize',
        '/podtemplates',
        '/replicationcontrollers',
        'apps/daemonsets',
        'apps/deployments',
        'apps/replicasets',
        'apps/statefulsets',
        'batch/cronjobs',
        'batch/jobs',
      ]);
    },
  },
  {
    item: 'D03 D11 own namespace always exempt by its name; kube-system by a switch',
    check: () => {
      const exempt = (kubernetes: Yaml, options: RenderOptions = {}): Yaml => {
        const { mutate, validate } = both(objectsOf(kubernetes, undefined, options)());
        expect(validate.namespaceSelector).toEqual(mutate.namespaceSelector);
        return mutate.namespaceSelector.matchExpressions;
      };
      const notIn = (...values: string[]): Yaml => [{ key: NAME, operator: 'NotIn', values }];
      expect(exempt({})).toEqual(notIn('connaisseur', 'kube-system'));
      expect(exempt({ webhook: { exemptKubeSystem: false } })).toEqual(notIn('connaisseur'));
      expect(exempt({}, { namespace: 'guard' })).toEqual(notIn('guard', 'kube-system'));
    },
  },
  {
    item: 'P08 label-based exemption is off, and guarded where it is on',
    check: () => {
      expect(JSON.stringify(both(DEFAULT()))).not.toContain(LABEL);
      expect(has(DEFAULT(), 'ValidatingAdmissionPolicy', 'connaisseur-namespace-label')).toBe(false);
      const expressions = (mode: string, more: Yaml = {}): Yaml =>
        both(objectsOf({}, { features: { namespacedValidation: { mode, ...more } } })()).mutate
          .namespaceSelector.matchExpressions;
      expect(expressions('ignore')[1]).toEqual({ key: LABEL, operator: 'NotIn', values: ['ignore'] });
      expect(expressions('validate')[1]).toEqual({ key: LABEL, operator: 'In', values: ['validate'] });
      // A pattern cannot be said to the API server: the gateway judges it.
      expect(expressions('ignore', { insecureIgnoreNamespaces: ['sandbox', 'dev-*'] })[0].values).toEqual([
        'connaisseur',
        'kube-system',
        'sandbox',
      ]);
      expect(expressions('validate', { insecureOnlyNamespaces: ['shop'] })[1]).toEqual({
        key: NAME,
        operator: 'In',
        values: ['shop'],
      });
      expect(expressions('validate', { insecureOnlyNamespaces: ['shop-*'] })).toHaveLength(1);
      const guarded = objectsOf({}, { features: { namespacedValidation: { mode: 'ignore' } } })();
      expect(one(guarded, 'ValidatingAdmissionPolicyBinding', 'connaisseur-namespace-label').spec).toEqual({
        policyName: 'connaisseur-namespace-label',
        validationActions: ['Deny'],
      });
    },
  },
  {
    item: 'D03 a policy keeps others from running pods beside ours, where the API server has it',
    check: () => {
      const name = 'connaisseur-own-namespace';
      const { spec } = one(DEFAULT(), 'ValidatingAdmissionPolicy', name);
      expect(spec.failurePolicy).toBe('Fail');
      expect(spec.matchConstraints.namespaceSelector.matchLabels).toEqual({ [NAME]: 'connaisseur' });
      expect(one(DEFAULT(), 'ValidatingAdmissionPolicyBinding', name).spec).toEqual({
        policyName: name,
        validationActions: ['Deny'],
      });
      for (const without of [
        objectsOf({}, {}, { kubeVersion: '1.29.0' })(),
        objectsOf({ webhook: { guardOwnNamespace: false } }, {})(),
      ]) {
        expect(has(without, 'ValidatingAdmissionPolicy', name)).toBe(false);
      }
    },
  },
  {
    item: 'P10 no objectSelector and no matchConditions: users set labels',
    check: () => {
      for (const hook of Object.values(both(DEFAULT()))) {
        expect(hook.objectSelector).toEqual({});
        expect(hook.matchConditions).toBeUndefined();
      }
    },
  },
];

const LIFE_ROWS: Item[] = [
  {
    item: 'self-protection: the keeper knows both configurations, how often to look, and restarts with them',
    check: () => {
      const settings = parse(one(DEFAULT(), 'ConfigMap', 'connaisseur-cluster').data['cluster.yaml']);
      expect(settings).toEqual({
        schemaVersion: 1,
        release: 'connaisseur',
        namespace: 'connaisseur',
        service: 'connaisseur-svc',
        certificates: { source: 'self', secretName: 'connaisseur-tls' },
        redis: { bundled: true, service: 'connaisseur-redis-service' },
        components: OURS,
        driftSeconds: 30,
        secrets: [],
      });
      const sum = (kubernetes: Yaml): string =>
        deployment(objectsOf(kubernetes)(), 'keeper').spec.template.metadata.annotations['checksum/cluster'];
      expect(sum({ webhook: { driftSeconds: 10 } })).not.toBe(sum({}));
      expect(sum({ verifier: { replicasCount: 4 } })).toBe(sum({}));
      expect(deployment(DEFAULT(), 'keeper').spec).toMatchObject({
        replicas: 1,
        strategy: { type: 'Recreate' },
      });
    },
  },
  {
    item: 'D09 start-up order: keys first, webhooks last and by no release object; uninstall takes them away first',
    check: () => {
      const all = DEFAULT();
      expect(all.filter(({ kind }) => kind.endsWith('WebhookConfiguration'))).toEqual([]);
      const hooks = (name: string): string => one(all, 'Job', name).metadata.annotations['helm.sh/hook'];
      expect(hooks('connaisseur-prepare')).toBe('pre-install,pre-upgrade');
      expect(hooks('connaisseur-arm')).toBe('post-install,post-upgrade,post-rollback');
      expect(hooks('connaisseur-disarm')).toBe('pre-delete');
      const weights = all.flatMap(({ kind, metadata }) =>
        metadata.annotations?.['helm.sh/hook']?.includes('pre-install')
          ? [[Number(metadata.annotations['helm.sh/hook-weight']), kind]]
          : [],
      );
      const job = weights.find(([, kind]) => kind === 'Job')?.[0];
      expect(weights.filter(([weight, kind]) => kind !== 'Job' && Number(weight) >= Number(job))).toEqual([]);
      const install = one(all, 'ConfigMap', 'connaisseur-install').data['cluster.yaml'];
      expect(install).toBe(one(all, 'ConfigMap', 'connaisseur-cluster').data['cluster.yaml']);
      const judged = one(all, 'ConfigMap', 'connaisseur-install').data['config.yaml'];
      expect(judged).toBe(one(all, 'ConfigMap', 'connaisseur-app-config').data['config.yaml']);
    },
  },
  {
    item: 'the Jobs run what the contract says',
    check: () => {
      const args = (name: string): string =>
        one(DEFAULT(), 'Job', `connaisseur-${name}`).spec.template.spec.containers[0].args.join(' ');
      expect(args('prepare')).toBe(
        'cluster prepare --settings /app/cluster/cluster.yaml --config /app/cluster/config.yaml --timeout 220',
      );
      expect(args('arm')).toBe(
        'cluster arm --settings /app/cluster/cluster.yaml --webhooks /app/cluster/webhooks.yaml --timeout 220',
      );
      expect(args('disarm')).toBe('cluster disarm --settings /app/cluster/cluster.yaml --timeout 220');
    },
  },
  {
    item: 'a Job before the first install needs nothing of the release',
    check: () => {
      const { spec } = one(DEFAULT(), 'Job', 'connaisseur-prepare').spec.template;
      expect(spec.priorityClassName).toBeUndefined();
      expect(spec.volumes).toEqual([{ name: 'cluster', configMap: { name: 'connaisseur-install' } }]);
      expect(spec.serviceAccountName).toBe('connaisseur-installer');
    },
  },
  {
    item: 'D11 D12 cold start: images by digest, pulled only if absent, a priority class',
    check: () => {
      const digest = `sha256:${'a'.repeat(64)}`;
      const all = objectsOf({ deployment: { image: { repository: 'r.example/c', tag: 'v1', digest } } })();
      expect(container(all, 'gateway').image).toBe(`r.example/c@${digest}`);
      expect(container(all, 'redis').image).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(container(all, 'gateway').imagePullPolicy).toBe('IfNotPresent');
      expect(one(all, 'PriorityClass', 'connaisseur-critical')).toMatchObject({
        value: 1e9,
        globalDefault: false,
      });
    },
  },
];

const AVAILABILITY_ROWS: Item[] = [
  {
    item: 'D13 replicas 3, 2, 2; budgets of one that never hold up a drain',
    check: () => {
      const all = DEFAULT();
      expect(OURS.map((component) => deployment(all, component).spec.replicas)).toEqual([3, 2, 2]);
      for (const component of OURS) {
        const { spec } = one(all, 'PodDisruptionBudget', DEPLOYMENTS[component] ?? '');
        expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
        expect(spec.selector).toEqual(deployment(all, component).spec.selector);
      }
      const budget = one(
        objectsOf({ podDisruptionBudget: { minAvailable: 2 } })(),
        'PodDisruptionBudget',
        'connaisseur',
      );
      expect([budget.spec.minAvailable, budget.spec.maxUnavailable]).toEqual([2, undefined]);
    },
  },
  {
    item: 'autoscaling from two, and then no replicas of ours',
    check: () => {
      const all = objectsOf({ deployment: { autoscaling: { enabled: true, minReplicas: 2 } } })();
      expect(deployment(all, 'gateway').spec.replicas).toBeUndefined();
      expect(one(all, 'HorizontalPodAutoscaler', 'connaisseur').spec).toMatchObject({
        minReplicas: 2,
        maxReplicas: 10,
      });
    },
  },
  {
    item: 'spread over zones and hosts, not two on one host',
    check: () => {
      for (const component of OURS) {
        const { spec } = deployment(DEFAULT(), component).spec.template;
        expect(spec.topologySpreadConstraints.map(({ topologyKey }: Yaml) => topologyKey)).toEqual([
          'topology.kubernetes.io/zone',
          'kubernetes.io/hostname',
        ]);
        const [term] = spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
        expect(term.podAffinityTerm.labelSelector).toEqual(deployment(DEFAULT(), component).spec.selector);
      }
    },
  },
  {
    item: 'selectors hold nothing that a user sets',
    check: () => {
      const labelled = objectsOf({
        additionalLabels: { team: 'a' },
        deployment: { podLabels: { tier: 'b' } },
      })();
      const gateway = deployment(labelled, 'gateway');
      expect(gateway.spec.selector).toEqual(deployment(DEFAULT(), 'gateway').spec.selector);
      expect(gateway.spec.template.metadata.labels).toMatchObject({
        tier: 'b',
        ...gateway.spec.selector.matchLabels,
      });
      expect(gateway.metadata.labels).toMatchObject({
        team: 'a',
        'app.kubernetes.io/part-of': 'connaisseur-ts',
      });
      expect(gateway.spec.template.metadata.labels['team']).toBeUndefined();
    },
  },
  {
    item: 'F05 probes: readiness is the listener, liveness the event loop; time to start',
    check: () => {
      const gateway = container(DEFAULT(), 'gateway');
      expect(gateway.readinessProbe.httpGet).toEqual({ path: '/ready', port: 'webhook', scheme: 'HTTPS' });
      expect(gateway.startupProbe.httpGet).toEqual({ path: '/ready', port: 'webhook', scheme: 'HTTPS' });
      expect(gateway.livenessProbe.httpGet).toEqual({ path: '/health', port: 'management' });
      for (const component of ['verifier', 'alerting', 'keeper']) {
        const { readinessProbe, livenessProbe, startupProbe } = container(DEFAULT(), component);
        expect(readinessProbe.httpGet).toEqual({ path: '/ready', port: 'management' });
        expect([livenessProbe.httpGet.path, startupProbe.httpGet.path]).toEqual(['/health', '/health']);
      }
      expect(gateway.ports).toEqual([
        { name: 'webhook', containerPort: 5000 },
        { name: 'management', containerPort: 5080 },
      ]);
    },
  },
  {
    item: 'F29 graceful stop: endpoints forget first, then 45 s',
    check: () => {
      for (const component of OURS) {
        expect(container(DEFAULT(), component).lifecycle.preStop).toEqual({ sleep: { seconds: 8 } });
        expect(deployment(DEFAULT(), component).spec.template.spec.terminationGracePeriodSeconds).toBe(45);
      }
      const old = container(objects({ kubeVersion: '1.29.0' }), 'gateway').lifecycle.preStop;
      expect(old.exec.command[0]).toBe('/nodejs/bin/node');
      expect(deployment(DEFAULT(), 'gateway').spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    },
  },
  {
    item: 'F33 memory requests are limits, no CPU limit, the heap from the limit',
    check: () => {
      const all = DEFAULT();
      for (const component of [...OURS, 'keeper', 'redis']) {
        const { limits, requests } = container(all, component).resources;
        expect(requests.memory).toBe(limits.memory);
        expect(limits.cpu).toBeUndefined();
        expect(requests.cpu).toBeDefined();
      }
      const heap = (memory: string | null): string | undefined =>
        envOf(objectsOf({ deployment: { resources: { limits: { memory } } } })(), 'gateway')['NODE_OPTIONS'];
      expect(heap('512Mi')).toBe('--max-old-space-size=307');
      expect(heap('1Gi')).toBe('--max-old-space-size=614');
      expect(heap('1G')).toBe('--max-old-space-size=572');
      expect(heap('536870912')).toBe('--max-old-space-size=307');
      expect(heap('1.5Gi')).toBe('--max-old-space-size=921');
      expect(heap(null)).toBeUndefined();
    },
  },
];

const SECRET_ROWS: Item[] = [
  {
    item: 'D06 one Secret for each component, files that our group alone reads, none in the environment',
    check: () => {
      for (const component of OURS) {
        const { volumes } = deployment(DEFAULT(), component).spec.template.spec;
        const secrets = volumes.flatMap(({ secret }: Yaml) => secret ?? []);
        const bus = secrets
          .filter(({ secretName }: Yaml) => secretName.endsWith('-bus'))
          .map((s: Yaml) => s.secretName);
        expect(new Set(bus)).toEqual(new Set([`connaisseur-${component}-bus`]));
        for (const { defaultMode } of secrets) expect(defaultMode).toBe(0o440);
      }
      const from = pods(DEFAULT()).flatMap(({ spec }) =>
        spec.containers.flatMap(({ env = [] }: Yaml) => env),
      );
      const keys = from.flatMap(({ valueFrom }: Yaml) => valueFrom?.secretKeyRef?.key ?? []);
      expect(keys).toEqual([]);
      const elsewhere = pods(DEFAULT()).flatMap(({ spec }) =>
        (spec.volumes ?? []).map(({ secret }: Yaml) => secret?.secretName),
      );
      expect(elsewhere).not.toContain('connaisseur-ca');
    },
  },
  {
    item: 'the mounts are those that the program looks for',
    check: () => {
      const paths = (component: string): string[] =>
        container(DEFAULT(), component).volumeMounts.map(({ mountPath }: Yaml) => mountPath);
      expect(paths('gateway')).toEqual([
        '/app/config',
        '/tmp',
        '/app/alerts',
        '/app/certs',
        '/app/keys',
        '/app/redis',
        '/app/journal',
      ]);
      expect(paths('verifier')).toEqual(['/app/config', '/tmp', '/app/keys', '/app/redis']);
      expect(paths('alerting')).toEqual(['/app/config', '/tmp', '/app/keys', '/app/redis', '/app/alerts']);
      expect(paths('keeper')).toEqual(['/app/cluster', '/tmp']);
      for (const component of [...OURS, 'keeper'])
        expect(container(DEFAULT(), component).args[0]).toBe(component);
    },
  },
  {
    item: 'D12 credentials of values go into a Secret of the validator, and only its name into the configuration',
    check: () => {
      const all = objects(VALUE_SETS.find(({ name }) => name === 'Connaisseur 3: credentials'));
      const config = parse(one(all, 'ConfigMap', 'connaisseur-app-config').data['config.yaml']);
      expect(config.validators.map(({ auth }: Yaml) => auth)).toEqual([
        { secretName: 'dockerhub-auth' },
        { secretName: 'notation-auth' },
      ]);
      expect(parse(one(all, 'Secret', 'notation-auth').stringData['secret.yaml'])).toEqual({
        registry: 'registry.example',
        username: 'robot',
        password: 'hush-token',
      });
      const mounts = container(all, 'verifier').volumeMounts.map(({ mountPath }: Yaml) => mountPath);
      expect(mounts).toEqual(
        expect.arrayContaining(['/app/secrets/dockerhub-auth', '/app/secrets/notation-auth']),
      );
    },
  },
  {
    item: 'missing Secrets are named to prepare before anything changes',
    check: () => {
      const all = objectsOf(
        {
          alerting: { existingConfigSecret: 'my-alerts' },
          redis: { external: { enabled: true, secretName: 'my-redis' } },
        },
        {
          validators: [
            {
              name: 'c',
              type: 'cosign',
              trustRoots: [{ name: 'default', key: 'k' }],
              auth: { secretName: 'pull' },
            },
          ],
        },
      )();
      const { secrets, redis } = parse(one(all, 'ConfigMap', 'connaisseur-install').data['cluster.yaml']);
      expect(secrets).toEqual(['my-alerts', 'my-redis', 'pull']);
      expect(redis.bundled).toBe(false);
      const rules = one(all, 'Role', 'connaisseur-installer').rules;
      expect(rules[1].resourceNames).toEqual(expect.arrayContaining(secrets));
    },
  },
  {
    item: 'H14 Redis: TLS only, users by file, nothing evicted, what waits is on disk, dangerous commands off',
    check: () => {
      const lines = one(DEFAULT(), 'ConfigMap', 'connaisseur-redis-config')
        .data['redis.conf'].trim()
        .split('\n');
      for (const line of [
        'port 0',
        'tls-port 6379',
        'aclfile /app/acl/users.acl',
        'maxmemory-policy noeviction',
        'appendonly yes',
        'appendfsync everysec',
        'maxmemory 358mb',
        'enable-module-command no',
      ]) {
        expect(lines).toContain(line);
      }
      expect(lines.join('\n')).not.toMatch(/requirepass|^user /m);
      const spec = (kubernetes: Yaml): Yaml => deployment(objectsOf(kubernetes)(), 'redis').spec.template;
      expect(spec({}).metadata.annotations['checksum/config']).not.toBe(
        spec({ redis: { maxmemoryPercent: 50 } }).metadata.annotations['checksum/config'],
      );
      const volume = { name: 'data', persistentVolumeClaim: { claimName: 'connaisseur-redis' } };
      expect(spec({ redis: { persistence: { enabled: true } } }).spec.volumes).toContainEqual(volume);
    },
  },
  {
    item: 'a Redis of your own: its Secret is mounted, none is installed',
    check: () => {
      const all = objectsOf({
        redis: { external: { enabled: true, secretName: 'my-redis', verifierSecretName: 'for-verifiers' } },
      })();
      expect(has(all, 'Deployment', 'connaisseur-redis')).toBe(false);
      const redis = (component: string): string =>
        deployment(all, component).spec.template.spec.volumes.find(({ name }: Yaml) => name === 'redis')
          .secret.secretName;
      expect(OURS.map(redis)).toEqual(['my-redis', 'for-verifiers', 'my-redis']);
    },
  },
  {
    item: 'TLS: P-256 by cert-manager with rotation, or a Secret of your own',
    check: () => {
      const all = objectsOf({
        certificates: {
          source: 'cert-manager',
          secretName: 'hook-tls',
          issuerRef: { name: 'corp', kind: 'ClusterIssuer' },
        },
      })();
      expect(one(all, 'Certificate', 'connaisseur-svc').spec).toMatchObject({
        secretName: 'hook-tls',
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        dnsNames: ['connaisseur-svc.connaisseur.svc', 'connaisseur-svc.connaisseur.svc.cluster.local'],
        issuerRef: { name: 'corp', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      });
      expect(all.filter(({ kind }) => kind === 'Issuer')).toEqual([]);
      const certs = deployment(all, 'gateway').spec.template.spec.volumes.find(
        ({ name }: Yaml) => name === 'certs',
      );
      expect(certs.secret.secretName).toBe('hook-tls');
    },
  },
  {
    item: 'a change of the configuration restarts nobody; a change of the environment does',
    check: () => {
      const annotations = (values: Yaml): Yaml[] =>
        OURS.map(
          (component) => deployment(objects({ values }), component).spec.template.metadata.annotations,
        );
      expect(annotations({ application: { features: { detectionMode: true } } })).toEqual(annotations({}));
      const [before, after] = ['a', 'b'].map((value) =>
        annotations({ kubernetes: { deployment: { envs: { X: value } } } }),
      );
      expect(before?.[0]['checksum/env']).not.toBe(after?.[0]['checksum/env']);
    },
  },
  {
    item: 'the image of Connaisseur 3 is not started with our commands',
    check: () => {
      const all = objects(VALUE_SETS.find(({ name }) => name === 'Connaisseur 3: default values'));
      expect(container(all, 'gateway').image).toBe('connaisseur:4.0.0-alpha.1');
    },
  },
];

describeWithHelm('the checklist', () => {
  test.for([...WEBHOOK_ROWS, ...LIFE_ROWS, ...AVAILABILITY_ROWS, ...SECRET_ROWS])('$item', ({ check }) =>
    check(),
  );
});

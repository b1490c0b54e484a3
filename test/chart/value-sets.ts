import {
  CONNAISSEUR3_ALERTING,
  CONNAISSEUR3_COSIGN,
  CONNAISSEUR3_CREDENTIALS,
  CONNAISSEUR3_DEFAULT,
} from './connaisseur3-values.js';
import type { RenderOptions, Yaml } from './helm.js';

export interface ValueSet extends RenderOptions {
  readonly name: string;
}

const kubernetes = (name: string, values: Yaml, options: RenderOptions = {}): ValueSet => ({
  ...options,
  name,
  values: { kubernetes: values },
});
const features = (name: string, values: Yaml): ValueSet => ({
  name,
  values: { application: { features: values } },
});

/** What the chart must render, and render well: each of them is tried against every rule of these specs. */
export const VALUE_SETS: readonly ValueSet[] = [
  { name: 'nothing' },
  { name: 'Connaisseur 3: default values', values: CONNAISSEUR3_DEFAULT },
  { name: 'Connaisseur 3: cosign', values: CONNAISSEUR3_COSIGN },
  { name: 'Connaisseur 3: alerting', values: CONNAISSEUR3_ALERTING },
  { name: 'Connaisseur 3: credentials', values: CONNAISSEUR3_CREDENTIALS },
  { name: 'another release and namespace', namespace: 'image-guard', release: 'guard' },
  { name: 'Kubernetes 1.28', kubeVersion: '1.28.0', values: CONNAISSEUR3_DEFAULT },
  { name: 'Kubernetes 1.36', kubeVersion: '1.36.0' },
  kubernetes('an image by digest', {
    deployment: { image: { repository: 'registry.example/connaisseur', digest: `sha256:${'a'.repeat(64)}` } },
  }),
  kubernetes('an image by tag', { deployment: { image: { repository: 'registry.example/c', tag: 4 } } }),
  kubernetes('pull secrets for our images', { deployment: { imagePullSecrets: ['one', { name: 'two' }] } }),
  kubernetes('one gateway', { deployment: { replicasCount: 1 } }),
  kubernetes('nodes and tolerations', {
    deployment: { nodeSelector: { pool: 'system' }, tolerations: [{ key: 'system', operator: 'Exists' }] },
    verifier: { nodeSelector: { pool: 'big' }, affinity: { nodeAffinity: {} } },
  }),
  kubernetes('no memory limit', {
    deployment: { resources: { limits: { memory: null }, requests: { memory: '1Gi' } } },
    redis: { resources: { limits: { memory: '1G' } } },
  }),
  kubernetes('OpenShift: no user ids', {
    deployment: {
      securityContext: { runAsUser: null, runAsGroup: null },
      podSecurityContext: { fsGroup: null, runAsNonRoot: true },
    },
    redis: { securityContext: { runAsUser: null, runAsGroup: null }, podSecurityContext: { fsGroup: null } },
  }),
  kubernetes('labels and annotations', {
    additionalLabels: { team: 'platform' },
    serviceaccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/r' } },
    deployment: {
      podLabels: { 'app.example/tier': 'admission' },
      annotations: { 'app.example/owner': 'me' },
      podAnnotations: { 'app.example/scrape': 'yes' },
    },
    verifier: { podLabels: { extra: 'label' }, podAnnotations: { a: 'b' } },
    alerting: { podLabels: { extra: 'label' }, annotations: { a: 'b' } },
    keeper: { podLabels: { extra: 'label' }, podAnnotations: { a: 'b' } },
    redis: { podLabels: { extra: 'label' }, podAnnotations: { a: 'b' } },
  }),
  kubernetes('environment', {
    deployment: { envs: { HTTPS_PROXY: 'http://proxy:3128', RETRIES: 3, DEBUG: false } },
  }),
  kubernetes('autoscaling', {
    deployment: { autoscaling: { enabled: true } },
    verifier: { autoscaling: { enabled: true } },
  }),
  kubernetes('a budget by minimum', { podDisruptionBudget: { minAvailable: '50%' } }),
  kubernetes('a priority class that exists', {
    priorityClass: { create: false, name: 'system-cluster-critical' },
  }),
  kubernetes('mutating webhook ignores', { webhook: { failurePolicy: 'Ignore' } }),
  kubernetes('fail open', { webhook: { failurePolicy: 'Ignore', unsafeFailOpen: true } }),
  kubernetes('webhook times', {
    webhook: { timeoutSeconds: { mutating: 30, validating: 5 }, driftSeconds: 10 },
  }),
  kubernetes('kube-system is looked at', { webhook: { exemptKubeSystem: false } }),
  kubernetes('cert-manager with an issuer of its own', { certificates: { source: 'cert-manager' } }),
  kubernetes('cert-manager with a given issuer', {
    certificates: {
      source: 'cert-manager',
      secretName: 'hook-tls',
      issuerRef: { name: 'corp', kind: 'ClusterIssuer' },
    },
  }),
  kubernetes('a certificate of your own', { certificates: { source: 'own', secretName: 'my-tls' } }),
  kubernetes('Redis with a volume', {
    redis: { persistence: { enabled: true, size: '4Gi', storageClassName: 'fast' } },
  }),
  kubernetes('external Redis', { redis: { external: { enabled: true, secretName: 'my-redis' } } }),
  kubernetes('external Redis with a user for each', {
    redis: {
      external: {
        enabled: true,
        gatewaySecretName: 'redis-gateway',
        verifierSecretName: 'redis-verifier',
        alertingSecretName: 'redis-alerting',
      },
    },
    networkPolicy: { redis: { to: [{ ipBlock: { cidr: '10.1.0.0/16' } }], ports: [26_379, 6390] } },
  }),
  kubernetes('Redis by tag', { redis: { image: { repository: 'valkey/valkey', tag: '8', digest: '' } } }),
  kubernetes('no network policies', { networkPolicy: { enabled: false } }),
  kubernetes('narrow network', {
    networkPolicy: {
      apiServer: { cidrs: ['10.0.0.1/32', 'fd00::1/128'], ports: [6443] },
      registries: {
        cidrs: ['10.2.0.0/16'],
        ports: [443, 5000],
        inCluster: [{ namespaceSelector: { matchLabels: { name: 'registry' } } }],
      },
      receivers: { cidrs: [], inCluster: [{ podSelector: {} }] },
      metrics: { from: [] },
      dns: { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }] },
    },
  }),
  kubernetes('monitoring', {
    monitoring: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
      dashboard: { enabled: true },
    },
  }),
  features('pull secrets of two namespaces', { imagePullSecrets: { namespaces: ['shop', 'bank'] } }),
  kubernetes('more objects', {
    extraObjects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' }, data: { a: 'b' } },
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tpl-{{ .Release.Name }}\n',
    ],
  }),
  kubernetes('a named cluster', { clusterId: 'production-eu' }),
  kubernetes('a node port', { service: { type: 'NodePort', port: 8443 } }),
  features('detection mode', { detectionMode: true }),
  features('no child approval', { automaticChildApproval: false }),
  features('pods only', { resourceValidationMode: 'podsOnly' }),
  features('labelled namespaces are ignored', { namespacedValidation: { mode: 'ignore' } }),
  features('only labelled namespaces', { namespacedValidation: { mode: 'validate' } }),
  features('a long memory', { cache: { expirySeconds: 1_000_000 }, decisions: 'strict' }),
  features('namespaces by name are ignored', {
    namespacedValidation: { mode: 'ignore', insecureIgnoreNamespaces: ['sandbox', 'dev-*'] },
  }),
  features('only namespaces by name', {
    namespacedValidation: { mode: 'validate', insecureOnlyNamespaces: ['shop', 'bank'] },
  }),
  features('detection by label', {
    insecureDetectOnlyIn: { namespaceSelector: { matchLabels: { stage: 'dev' } } },
    automaticChildApproval: false,
  }),
  {
    name: 'a registry without TLS',
    values: {
      application: {
        registries: [{ host: 'registry.lan', insecurePlainHttp: true }, { host: 'registry.lan:5001' }],
        policy: [{ pattern: 'registry.lan:5002/app/*:*', validator: 'deny' }],
      },
    },
  },
  {
    name: 'alert templates of your own',
    values: {
      ...CONNAISSEUR3_ALERTING,
      alerting: {
        templates: { mine: '{"text":"{{ alert_message }}"}', slack: '{"text":"ours"}' },
        rejectRequest: {
          receivers: [{ template: 'mine', receiverUrl: 'http://receiver.lan:9000/hush', priority: 0 }],
        },
      },
    },
  },
  {
    name: 'alert configuration in a Secret',
    values: { kubernetes: { alerting: { existingConfigSecret: 'my-alerts' } } },
  },
];

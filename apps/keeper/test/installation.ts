import { Registry } from 'prom-client';

import { KINDS, type KubernetesApi, type KubernetesObject } from '#kubernetes';
import { silentLogger } from '#observability';

import { arm } from '../src/arm.js';
import { type ClusterSettings, parseClusterSettings } from '../src/cluster-settings.js';
import { Keeper } from '../src/keeper.js';
import { KeeperMetrics } from '../src/keeper-metrics.js';
import { prepare } from '../src/prepare.js';
import { parseWebhookManifests } from '../src/webhook-manifests.js';

export const DAY_MS = 86_400_000;
export const signal = new AbortController().signal;
export const MUTATING = { kind: KINDS.mutatingWebhooks, name: 'connaisseur-webhook' };
export const VALIDATING = { kind: KINDS.validatingWebhooks, name: 'connaisseur-webhook' };

/** `cluster.yaml` as the chart writes it. */
export function settingsText(
  namespace = 'connaisseur',
  release = 'connaisseur',
  source = 'self',
  secrets: string[] = [],
): string {
  return JSON.stringify({
    schemaVersion: 1,
    release,
    namespace,
    service: 'connaisseur-svc',
    certificates: { source, secretName: 'connaisseur-tls' },
    redis: { bundled: true, service: 'connaisseur-redis-service' },
    components: ['gateway', 'verifier', 'alerting'],
    secrets,
    driftSeconds: 30,
  });
}

/** `webhooks.yaml` as the chart writes it. */
export function webhooksText(namespace = 'connaisseur', release = 'connaisseur', url?: string): string {
  return ['Mutating', 'Validating']
    .map((kind) => JSON.stringify(configuration(kind, namespace, release, url)))
    .join('\n---\n');
}

function configuration(kind: string, namespace: string, release: string, url: string | undefined) {
  const path = kind === 'Mutating' ? '/mutate' : '/validate';
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: {
      name: 'connaisseur-webhook',
      labels: { 'app.kubernetes.io/instance': release, 'app.kubernetes.io/part-of': 'connaisseur-ts' },
    },
    webhooks: [
      {
        name: `connaisseur-svc.${namespace}.svc`,
        clientConfig:
          url === undefined
            ? { service: { name: 'connaisseur-svc', namespace, path } }
            : { url: `${url}${path}` },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
        ],
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] }],
        },
        failurePolicy: 'Fail',
        sideEffects: 'NoneOnDryRun',
        timeoutSeconds: 15,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/** The virtual cluster that the tests bring. */
interface TestCluster {
  api(): KubernetesApi;
  paths(): readonly string[];
  at(path: string): Record<string, unknown> | undefined;
  fail(fault: { method?: string; path: RegExp; status: number; times?: number }): void;
  behave(): void;
}

/** An installation on a virtual cluster, at a time that the test moves. */
export class Installation {
  readonly cluster: TestCluster;
  readonly api: KubernetesApi;
  readonly settings: ClusterSettings;
  readonly manifests = parseWebhookManifests(webhooksText());
  readonly registry = new Registry();
  readonly keeper: Keeper;
  now = new Date('2026-11-21T00:00:00Z');

  constructor(cluster: TestCluster, settings = settingsText()) {
    this.cluster = cluster;
    this.api = cluster.api();
    this.settings = parseClusterSettings(settings);
    this.keeper = this.anotherKeeper('keeper-0');
  }

  anotherKeeper(identity: string, registry = this.registry): Keeper {
    return new Keeper({
      api: this.api,
      settings: () => this.settings,
      manifests: () => this.manifests,
      identity,
      metrics: new KeeperMetrics(registry),
      log: silentLogger,
      now: () => this.now,
    });
  }

  /** Prepared and armed. */
  static async armed(cluster: TestCluster): Promise<Installation> {
    const installation = new Installation(cluster);
    await prepare(installation.api, installation.settings, { now: installation.now }, signal);
    await installation.arm();
    return installation;
  }

  async arm(probe: () => Promise<string | undefined> = () => Promise.resolve(undefined)): Promise<void> {
    const sleep = (milliseconds: number): Promise<void> => {
      this.now = new Date(this.now.getTime() + milliseconds);
      return Promise.resolve();
    };
    const { api, settings, manifests } = this;
    await arm({ api, settings, manifests, probe, sleep, now: () => this.now, timeoutMs: 60_000 }, signal);
  }

  later(milliseconds: number): void {
    this.now = new Date(this.now.getTime() + milliseconds);
  }

  async webhooks(): Promise<readonly KubernetesObject[]> {
    return await Promise.all([MUTATING, VALIDATING].map(async (place) => await this.api.get(place, signal)));
  }

  /** Sum of a metric's values whose labels fit. */
  async count(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const values = (await this.registry.getSingleMetric(name)?.get())?.values ?? [];
    return values
      .filter((value) =>
        Object.entries(labels).every(([key, text]) => Reflect.get(value.labels, key) === text),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }

  events(reason: string): number {
    return this.cluster
      .paths()
      .filter((path) => path.startsWith('/apis/events.k8s.io/'))
      .filter((path) => this.cluster.at(path)?.['reason'] === reason).length;
  }
}

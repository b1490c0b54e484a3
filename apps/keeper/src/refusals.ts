import { type KubernetesApi, type KubernetesObject, KINDS, orAbsent } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { PART_OF, PART_OF_US, WEBHOOK_PLACES } from './places.js';
import { webhooksOf } from './webhook-manifests.js';

const INSTANCE = 'app.kubernetes.io/instance';
const CHART = 'helm.sh/chart';

/**
 * Throws {@link InstallationError} where this release must not be installed: into a namespace that cannot be exempt, beside
 * another release, or over a release of Connaisseur 3. Changes nothing.
 */
export async function assertInstallable(
  api: KubernetesApi,
  settings: ClusterSettings,
  signal: AbortSignal,
): Promise<void> {
  assertNamespace(settings);
  for (const place of WEBHOOK_PLACES) {
    const live = await orAbsent(api.get(place, signal));
    if (live !== undefined) assertOurs(live, settings);
  }
  const { items } = await api.list(KINDS.deployment, {}, signal);
  for (const deployment of items) assertNoOther(deployment, settings);
}

/** The release's namespace is exempt from admission: that of everybody else must not be. */
function assertNamespace({ namespace }: ClusterSettings): void {
  if (namespace !== 'default' && !namespace.startsWith('kube-')) return;
  throw new InstallationError(
    'namespace',
    `expected a namespace of its own, got ${namespace}: it would be exempt from admission. Install with --namespace connaisseur --create-namespace`,
  );
}

function assertOurs(live: KubernetesObject, settings: ClusterSettings): void {
  if (live.labels.get(PART_OF) !== PART_OF_US) {
    if (isOfUpstream(live))
      throw upstream(webhooksOf(live.body)[0]?.name.split('.')[1] ?? settings.namespace, settings);
    throw new InstallationError(
      'foreign-webhook',
      `expected no ${live.kind} ${live.name} but our own, got one without the label ${PART_OF}=${PART_OF_US}: see kubectl get ${live.kind} ${live.name} -o yaml, and delete it if nobody needs it`,
    );
  }
  const namespace = webhooksOf(live.body)[0]?.name.split('.')[1] ?? settings.namespace;
  const release = live.labels.get(INSTANCE) ?? settings.release;
  if (release !== settings.release || namespace !== settings.namespace)
    throw secondRelease(release, namespace, settings);
}

function assertNoOther(deployment: KubernetesObject, settings: ClusterSettings): void {
  const { labels, name, namespace = '' } = deployment;
  if (labels.get(PART_OF) === PART_OF_US) {
    const release = labels.get(INSTANCE) ?? settings.release;
    if (release !== settings.release || namespace !== settings.namespace)
      throw secondRelease(release, namespace, settings);
  } else if (name === 'connaisseur' && isUpstreamChart(labels.get(CHART))) {
    throw upstream(namespace, settings);
  }
}

function isOfUpstream({ labels, annotations }: KubernetesObject): boolean {
  return isUpstreamChart(labels.get(CHART)) || annotations.has('helm.sh/hook');
}

function isUpstreamChart(label: string | undefined): boolean {
  return label?.startsWith('connaisseur-3.') ?? false;
}

function secondRelease(release: string, namespace: string, settings: ClusterSettings): InstallationError {
  return new InstallationError(
    'second-release',
    `expected no other release in this cluster, got ${release} in namespace ${namespace}: change that one (helm upgrade ${release} deploy/chart -n ${namespace}), or take it away first (helm uninstall ${release} -n ${namespace}); nothing of ${settings.release} was installed`,
  );
}

function upstream(namespace: string, { release, namespace: own }: ClusterSettings): InstallationError {
  return new InstallationError(
    'upstream-release',
    [
      `a release of Connaisseur 3 is in namespace ${namespace}; nothing was changed. These lines move it over:`,
      `  helm get values ${release} -n ${namespace} -o yaml > values.yaml`,
      `  connaisseur lint values.yaml`,
      `  helm uninstall ${release} -n ${namespace}`,
      `  helm install ${release} deploy/chart --atomic --create-namespace --namespace ${own} -f values.yaml`,
      'Between the last two lines images are not verified.',
    ].join('\n'),
  );
}

import { ConfigurationError, type ConfigurationSource, loadConfiguration } from '#config';
import { type KubernetesApi, type KubernetesObject, KINDS, orAbsent } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { isOfThisRelease, releaseOf } from './installed-release.js';
import { PART_OF, PART_OF_US, secretPlace, WEBHOOK_PLACES } from './places.js';
import { filesOf } from './secrets.js';
import { assertServingPair } from './serving-pair.js';

const INSTANCE = 'app.kubernetes.io/instance';
const CHART = 'helm.sh/chart';

/** What an installation would start with. */
export interface Candidate {
  readonly now: Date;
  /** The configuration that its processes would load; not judged where it is not given. */
  readonly configuration?: ConfigurationSource;
}

/**
 * Throws {@link InstallationError} where this release must not be installed: into a namespace that cannot be exempt, beside
 * another release, over a release of Connaisseur 3, without the Secrets that its user makes, or with a configuration or a
 * serving certificate that no gateway would start with. Changes nothing. Everything is looked for by name; a second release
 * that is not armed yet is Helm's to refuse: its cluster roles have the same names.
 */
export async function assertInstallable(
  api: KubernetesApi,
  settings: ClusterSettings,
  { now, configuration }: Candidate,
  signal: AbortSignal,
): Promise<void> {
  assertNamespace(settings);
  if (configuration !== undefined) assertLoads(configuration);
  for (const place of WEBHOOK_PLACES) {
    const live = await orAbsent(api.get(place, signal));
    if (live !== undefined) assertOurs(live, settings);
  }
  const place = { kind: KINDS.deployment, namespace: settings.namespace, name: 'connaisseur' };
  const deployment = await orAbsent(api.get(place, signal));
  if (deployment !== undefined) assertNoOther(deployment, settings);
  await assertUsersSecrets(api, settings, signal);
  await assertServing(api, settings, now, signal);
}

/** What every gateway would say at its start, before there is one. */
function assertLoads(configuration: ConfigurationSource): void {
  try {
    loadConfiguration(configuration);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new InstallationError(
      'configuration',
      `${cause.message}\nexpected a configuration that a gateway loads, got the mistakes above; nothing was changed. Lines are those of the rendered file: connaisseur lint values.yaml shows them in yours`,
      { cause },
    );
  }
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
    if (isOfUpstream(live)) throw upstream(releaseOf(live, settings).namespace, settings);
    throw new InstallationError(
      'foreign-webhook',
      `expected no ${live.kind} ${live.name} but our own, got one without the label ${PART_OF}=${PART_OF_US}: see kubectl get ${live.kind} ${live.name} -o yaml, and delete it if nobody needs it`,
    );
  }
  if (isOfThisRelease(live, settings)) return;
  const { release, namespace } = releaseOf(live, settings);
  throw secondRelease(release, namespace, settings);
}

function assertNoOther(deployment: KubernetesObject, settings: ClusterSettings): void {
  const { labels, namespace = '' } = deployment;
  if (labels.get(PART_OF) === PART_OF_US) {
    const release = labels.get(INSTANCE) ?? settings.release;
    if (release !== settings.release || namespace !== settings.namespace)
      throw secondRelease(release, namespace, settings);
  } else if (isUpstreamChart(labels.get(CHART))) {
    throw upstream(namespace, settings);
  }
}

async function assertUsersSecrets(
  api: KubernetesApi,
  settings: ClusterSettings,
  signal: AbortSignal,
): Promise<void> {
  const missing: string[] = [];
  for (const name of settings.secrets) {
    if ((await orAbsent(api.get(secretPlace(settings, name), signal))) === undefined) missing.push(name);
  }
  if (missing.length === 0) return;
  throw new InstallationError(
    'missing-secret',
    `expected the Secrets that the values name in namespace ${settings.namespace}, got no ${missing.join(', no ')}: make them first; nothing was changed`,
  );
}

/** A pair that we do not make: the user's, or what cert-manager has made already; it fills an empty one by itself. */
async function assertServing(
  api: KubernetesApi,
  settings: ClusterSettings,
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const { certificates, service, namespace } = settings;
  if (certificates.source === 'self') return;
  const secret = await orAbsent(api.get(secretPlace(settings, certificates.secretName), signal));
  const files = secret === undefined ? undefined : filesOf(secret);
  const isMade = files?.get('tls.crt') !== undefined && files.get('tls.crt') !== '';
  if (files === undefined || (certificates.source === 'cert-manager' && !isMade)) return;
  const { source, secretName } = certificates;
  assertServingPair(files, {
    secret: secretName,
    host: `${service}.${namespace}.svc`,
    now,
    remedy: remedyOf(source, `kubectl -n ${namespace} delete secret ${secretName}`),
  });
}

function remedyOf(source: 'cert-manager' | 'own', deletion: string): string {
  return source === 'own'
    ? `Make it anew (${deletion}, then create it with tls.crt, tls.key and ca.crt)`
    : `Let cert-manager make it anew (${deletion})`;
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

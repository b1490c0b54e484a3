import { KubernetesError } from './error.js';

/** A kind of object, as its URL names it. */
export interface ResourceKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `pods`; a subresource goes through {@link ObjectPlace}. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Where one object is. `namespace` is for namespaced kinds, and only for them. */
export interface ObjectPlace {
  readonly kind: ResourceKind;
  readonly namespace?: string | undefined;
  readonly name: string;
  /** `status`, `token`, … */
  readonly subresource?: string | undefined;
}

/** RFC 1123 subdomain, the longest name that Kubernetes has. */
const NAME_MAX = 253;
const SEGMENT = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
/** RBAC names and a few others also hold these; no slash and no percent sign in any (apimachinery, IsValidPathSegmentName). */
const NAME = /^[A-Za-z0-9:._-]+$/;

const kindOf = (
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced = true,
): ResourceKind => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

/** The kinds that we read or write; no other is needed. */
export const KINDS = {
  namespace: kindOf('', 'v1', 'Namespace', 'namespaces', false),
  secret: kindOf('', 'v1', 'Secret', 'secrets'),
  configMap: kindOf('', 'v1', 'ConfigMap', 'configmaps'),
  serviceAccount: kindOf('', 'v1', 'ServiceAccount', 'serviceaccounts'),
  pod: kindOf('', 'v1', 'Pod', 'pods'),
  replicationController: kindOf('', 'v1', 'ReplicationController', 'replicationcontrollers'),
  deployment: kindOf('apps', 'v1', 'Deployment', 'deployments'),
  replicaSet: kindOf('apps', 'v1', 'ReplicaSet', 'replicasets'),
  daemonSet: kindOf('apps', 'v1', 'DaemonSet', 'daemonsets'),
  statefulSet: kindOf('apps', 'v1', 'StatefulSet', 'statefulsets'),
  job: kindOf('batch', 'v1', 'Job', 'jobs'),
  cronJob: kindOf('batch', 'v1', 'CronJob', 'cronjobs'),
  lease: kindOf('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  event: kindOf('events.k8s.io', 'v1', 'Event', 'events'),
  /** Two report APIs, of which a cluster may have each, both or none. */
  openReport: kindOf('openreports.io', 'v1alpha1', 'Report', 'reports'),
  policyReport: kindOf('wgpolicyk8s.io', 'v1alpha2', 'PolicyReport', 'policyreports'),
  mutatingWebhooks: kindOf(
    'admissionregistration.k8s.io',
    'v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    false,
  ),
  validatingWebhooks: kindOf(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
} as const satisfies Record<string, ResourceKind>;

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of a collection. Throws for names that could leave their segment: they come from admission requests too. */
export function collectionPath(kind: ResourceKind, namespace: string | undefined): string {
  if (!kind.namespaced && namespace !== undefined) throw new TypeError(`${kind.plural} have no namespace`);
  const within = namespace === undefined ? '' : `/namespaces/${segment(namespace)}`;
  return `${versionPath(kind)}${within}/${segment(kind.plural)}`;
}

/** Path of a group's version, where the API server says what it serves there. */
export function versionPath({ group, version }: ResourceKind): string {
  return group === '' ? `/api/${version}` : `/apis/${segment(group)}/${segment(version)}`;
}

/** Path of one object. */
export function objectPath({ kind, namespace, name, subresource }: ObjectPlace): string {
  if (kind.namespaced && namespace === undefined) throw new TypeError(`${kind.plural} need a namespace`);
  const last = subresource === undefined ? '' : `/${segment(subresource)}`;
  return `${collectionPath(kind, namespace)}/${objectName(name)}${last}`;
}

/** `secrets connaisseur/connaisseur-ca`, for messages. */
export function describePlace({ kind, namespace, name }: ObjectPlace): string {
  return `${kind.plural} ${namespace === undefined ? '' : `${namespace.slice(0, NAME_MAX)}/`}${name.slice(0, NAME_MAX)}`;
}

function segment(text: string): string {
  if (text.length > NAME_MAX || !SEGMENT.test(text)) throw invalidName(text);
  return text;
}

function objectName(text: string): string {
  if (text.length > NAME_MAX || !NAME.test(text) || text === '.' || text === '..') throw invalidName(text);
  return text;
}

function invalidName(text: string): KubernetesError {
  return new KubernetesError(
    'invalid',
    `expected the name of a Kubernetes object, got ${JSON.stringify(text.slice(0, 80))}`,
  );
}

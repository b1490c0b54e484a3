export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** Where a kind keeps its pod spec. The table is the whole knowledge about kinds; what is not in it is denied. */
export interface WorkloadKind {
  readonly kind: string;
  readonly resource: string;
  /** `group/version` whose objects have the pod spec at `path`; the core group is the empty string. */
  readonly served: readonly string[];
  readonly path: readonly string[];
  /** RFC 6901 pointer of `path`. No token in it, nor in the lists below it, has a `~` or `/` to escape. */
  readonly pointer: string;
}

const APPS = ['apps/v1', 'apps/v1beta2', 'apps/v1beta1'];
const TEMPLATE = ['spec', 'template', 'spec'];

const TABLE: readonly WorkloadKind[] = [
  row('Pod', 'pods', ['/v1'], ['spec']),
  row('PodTemplate', 'podtemplates', ['/v1'], ['template', 'spec']),
  row('ReplicationController', 'replicationcontrollers', ['/v1'], TEMPLATE),
  row('Deployment', 'deployments', [...APPS, 'extensions/v1beta1'], TEMPLATE),
  row('ReplicaSet', 'replicasets', [...APPS, 'extensions/v1beta1'], TEMPLATE),
  row('DaemonSet', 'daemonsets', [...APPS, 'extensions/v1beta1'], TEMPLATE),
  row('StatefulSet', 'statefulsets', APPS, TEMPLATE),
  row('Job', 'jobs', ['batch/v1'], TEMPLATE),
  row(
    'CronJob',
    'cronjobs',
    ['batch/v1', 'batch/v1beta1'],
    ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ),
];

const BY_KIND: ReadonlyMap<string, WorkloadKind> = new Map(TABLE.map((entry) => [entry.kind, entry]));
const BY_RESOURCE: ReadonlyMap<string, WorkloadKind> = new Map(TABLE.map((entry) => [entry.resource, entry]));
/** Subresources whose object is the workload itself. */
const WHOLE_OBJECT: ReadonlySet<string | undefined> = new Set([
  undefined,
  'status',
  'ephemeralcontainers',
  'resize',
]);

/** The table's row for a kind in exactly this group and version. */
export function workloadKind(kind: GroupVersionKind): WorkloadKind | undefined {
  const entry = BY_KIND.get(kind.kind);
  return entry?.served.includes(`${kind.group}/${kind.version}`) === true ? entry : undefined;
}

/** False where kind and resource cannot both be true: the images would be looked for in the wrong place. */
export function kindMatchesResource(
  kind: GroupVersionKind,
  resource: GroupVersionResource,
  subResource: string | undefined,
): boolean {
  // `scale`, `binding`, `eviction` carry an object of another kind; find-image-sites knows which.
  if (!WHOLE_OBJECT.has(subResource)) return true;
  if (kind.group !== resource.group || kind.version !== resource.version) return false;
  return (
    ofGroup(BY_KIND.get(kind.kind), kind.group) === ofGroup(BY_RESOURCE.get(resource.resource), kind.group)
  );
}

function row(
  kind: string,
  resource: string,
  served: readonly string[],
  path: readonly string[],
): WorkloadKind {
  return { kind, resource, served, path, pointer: `/${path.join('/')}` };
}

/** Other API groups have jobs and deployments of their own, which are unknown to us as a whole. */
function ofGroup(entry: WorkloadKind | undefined, group: string): WorkloadKind | undefined {
  return entry?.served.some((served) => served.slice(0, served.indexOf('/')) === group) === true
    ? entry
    : undefined;
}

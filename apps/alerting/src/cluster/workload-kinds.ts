/** API versions that workloads are written about under: Events and reports name no other kinds of object. */
const API_VERSIONS: ReadonlyMap<string, string> = new Map([
  ['Pod', 'v1'],
  ['PodTemplate', 'v1'],
  ['ReplicationController', 'v1'],
  ['Deployment', 'apps/v1'],
  ['ReplicaSet', 'apps/v1'],
  ['DaemonSet', 'apps/v1'],
  ['StatefulSet', 'apps/v1'],
  ['Job', 'batch/v1'],
  ['CronJob', 'batch/v1'],
]);

/** `apps/v1` for a Deployment; nothing for what is no workload, `Scale` among it. */
export function apiVersionOfKind(kind: string): string | undefined {
  return API_VERSIONS.get(kind);
}

/** RFC 1123 subdomain: the name of an object that exists. `generateName` may end in a hyphen and is none. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
/** RFC 1123 label. */
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** True for what may be the name of an object. */
export function isObjectName(name: string): boolean {
  return NAME.test(name);
}

/** True for what may be the name of a namespace. */
export function isNamespace(name: string): boolean {
  return NAMESPACE.test(name);
}

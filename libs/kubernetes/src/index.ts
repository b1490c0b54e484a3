export { type ConnectionChoice, isInCluster, SERVICE_ACCOUNT_DIRECTORY } from './connection.js';
export { KubernetesError, type KubernetesErrorReason, orAbsent } from './error.js';
export { KubernetesApi, type KubernetesApiOptions } from './kubernetes-api.js';
export type { JsonPatch, ListQuery, ObjectList, WatchEvent, WatchQuery } from './queries.js';
export {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type Manifest,
  type OwnerReference,
  secretData,
} from './kubernetes-object.js';
export { NamespaceLabels, type NamespaceLabelsOptions } from './namespace-labels.js';
export { LiveOwners, type LiveOwnersOptions, type OwnerName } from './owners.js';
export {
  type PullSecret,
  type PullSecretFormat,
  PullSecrets,
  type PullSecretsOptions,
} from './pull-secrets.js';
export { openKubernetesApi, type OpenedApi } from './open-api.js';
export { apiVersionOf, KINDS, type ObjectPlace, type ResourceKind } from './resource.js';
export type { KubernetesWire, WireAnswer, WireRequest } from './wire.js';

import { KINDS, type KubernetesApi, orAbsent, type ResourceKind } from '#kubernetes';

import type { ObjectReference } from './object-reference.js';
import { apiVersionOfKind } from './workload-kinds.js';

/** Kinds between a pod and what a person wrote; others have nobody above them. */
const BETWEEN: ReadonlyMap<string, ResourceKind> = new Map([
  ['ReplicaSet', KINDS.replicaSet],
  ['Job', KINDS.job],
]);
const MAX_KNOWN = 1000;

/** Finds what a ReplicaSet or Job belongs to: the Deployment or CronJob that people look at. */
export class OwnerLookup {
  readonly #api: Pick<KubernetesApi, 'get'>;
  /** By the UID of what belongs: its owner never changes. */
  readonly #known = new Map<string, ObjectReference | undefined>();

  constructor(api: Pick<KubernetesApi, 'get'>) {
    this.#api = api;
  }

  /** The owner, or nothing where there is none or the object is not that of this UID any more. */
  async ownerOf(reference: ObjectReference, signal: AbortSignal): Promise<ObjectReference | undefined> {
    const { kind, namespace, name, uid } = reference;
    const resource = BETWEEN.get(kind);
    if (resource === undefined || uid === undefined) return undefined;
    if (this.#known.has(uid)) return this.#known.get(uid);
    const object = await orAbsent(this.#api.get({ kind: resource, namespace, name }, signal));
    const claimed = object?.uid === uid ? object.owners.find(({ controller }) => controller) : undefined;
    const known = claimed !== undefined && apiVersionOfKind(claimed.kind) === claimed.apiVersion;
    const owner = known
      ? {
          apiVersion: claimed.apiVersion,
          kind: claimed.kind,
          name: claimed.name,
          uid: claimed.uid,
          namespace,
        }
      : undefined;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(uid, owner);
    return owner;
  }
}

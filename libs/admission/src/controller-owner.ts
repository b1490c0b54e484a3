import type { AdmissionReviewRequest } from './admission-review.js';
import { isForeignObject } from './foreign-json.js';
import { isObjectName, isObjectUid } from './object-name.js';

/** What a built-in controller makes, from what, and who it is. */
interface Controller {
  readonly owner: string;
  readonly apiVersion: string;
  readonly child: string;
  readonly user: string;
}

/** The whole of it: no other kind vouches for anything, whoever writes it (K16). */
const CONTROLLERS: readonly Controller[] = [
  row('Deployment', 'apps/v1', 'ReplicaSet', 'deployment-controller'),
  row('ReplicaSet', 'apps/v1', 'Pod', 'replicaset-controller'),
  row('DaemonSet', 'apps/v1', 'Pod', 'daemon-set-controller'),
  row('StatefulSet', 'apps/v1', 'Pod', 'statefulset-controller'),
  row('ReplicationController', 'v1', 'Pod', 'replication-controller'),
  row('CronJob', 'batch/v1', 'Job', 'cronjob-controller'),
  row('Job', 'batch/v1', 'Pod', 'job-controller'),
];

/** More owners than any object has. */
const MAX_OWNERS = 32;

/**
 * The owner that a built-in controller claims to make an object from: a claim in the object, and who says so. Made by
 * `of` only; whether the owner lives, and was admitted, is still to be seen.
 */
export class ControllerOwner {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly uid: string;
  /** The request's, never the object's (K26, K44). */
  readonly namespace: string;
  readonly #request: AdmissionReviewRequest;

  private constructor(
    request: AdmissionReviewRequest,
    { owner, apiVersion }: Controller,
    name: string,
    uid: string,
  ) {
    this.kind = owner;
    this.apiVersion = apiVersion;
    this.name = name;
    this.uid = uid;
    this.namespace = request.namespace;
    this.#request = request;
  }

  /**
   * The one owner with `controller: true`, where the request is of the built-in controller that makes such objects from
   * such owners; else nothing. A user who writes the same references gets nothing either (K25).
   */
  static of(request: AdmissionReviewRequest): ControllerOwner | undefined {
    if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return undefined;
    if (request.subResource !== undefined || request.namespace === '') return undefined;
    const metadata = request.object['metadata'];
    const references: unknown = isForeignObject(metadata) ? metadata['ownerReferences'] : undefined;
    if (!Array.isArray(references) || references.length > MAX_OWNERS) return undefined;
    const claimed = references.filter(
      (reference: unknown) => isForeignObject(reference) && reference['controller'] === true,
    );
    const [reference, ...others] = claimed as unknown[];
    if (!isForeignObject(reference) || others.length > 0) return undefined;
    const { apiVersion, kind, name, uid } = reference;
    const controller = CONTROLLERS.find(
      (entry) => entry.owner === kind && entry.apiVersion === apiVersion && makes(entry, request),
    );
    if (controller === undefined || !isObjectName(name) || !isObjectUid(uid)) return undefined;
    return new ControllerOwner(request, controller, name, uid);
  }

  /** True for the owner that was read from this request; false for a look-alike, and for that of another request. */
  static isOf(owner: unknown, request: AdmissionReviewRequest): boolean {
    return typeof owner === 'object' && owner !== null && #request in owner && owner.#request === request;
  }
}

/** True for the kinds that a built-in controller makes something from. */
export function isOwnerKind(kind: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}): boolean {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return CONTROLLERS.some((entry) => entry.owner === kind.kind && entry.apiVersion === apiVersion);
}

function makes({ child, user }: Controller, { kind, user: by }: AdmissionReviewRequest): boolean {
  return kind.kind === child && by === user;
}

function row(owner: string, apiVersion: string, child: string, controller: string): Controller {
  return { owner, apiVersion, child, user: `system:serviceaccount:kube-system:${controller}` };
}

import type { DecisionRecord } from '#contracts';

import { decidedObject, type ObjectReference } from './object-reference.js';
import { apiVersionOfKind, isNamespace, isObjectName } from './workload-kinds.js';

/** What an Event is about, and the object that it would have been about if that existed. */
export interface EventSubject {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
}

/**
 * Who is there to hear of a denial: the object where it exists, else the controller that makes it, else its namespace.
 * Nothing where not even the namespace is known.
 */
export function eventSubject(record: DecisionRecord): EventSubject | undefined {
  const { namespace } = record;
  if (!isNamespace(namespace)) return undefined;
  const object = decidedObject(record);
  if (object?.uid !== undefined && record.operation === 'UPDATE' && isObjectName(object.name)) {
    return { regarding: object };
  }
  return {
    regarding: ownerOf(record) ?? { apiVersion: 'v1', kind: 'Namespace', namespace, name: namespace },
    ...(object !== undefined && { related: withoutUid(object) }),
  };
}

function ownerOf({ owner, namespace }: DecisionRecord): ObjectReference | undefined {
  const apiVersion = owner === undefined ? undefined : apiVersionOfKind(owner.kind);
  return owner === undefined || apiVersion === undefined ? undefined : { apiVersion, ...owner, namespace };
}

function withoutUid({ apiVersion, kind, namespace, name }: ObjectReference): ObjectReference {
  return { apiVersion, kind, namespace, name };
}

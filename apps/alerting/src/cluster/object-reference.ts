import { plainText } from '#admission';
import type { DecisionRecord } from '#contracts';

import { apiVersionOfKind } from './workload-kinds.js';

/** An object as Events and reports refer to it. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/** The longest name that Kubernetes has. */
const MAX_NAME = 253;

/** The object that was decided about, whether it came to exist or not; nothing where it is no workload. */
export function decidedObject(record: DecisionRecord): ObjectReference | undefined {
  const apiVersion = apiVersionOfKind(record.kind);
  if (apiVersion === undefined) return undefined;
  const name = plainText(record.name, MAX_NAME);
  const { kind, namespace, objectUid, operation, allowed } = record;
  // What was refused at its creation has a UID that nobody will ever find.
  const exists = objectUid !== undefined && (allowed || operation === 'UPDATE');
  return { apiVersion, kind, namespace, name, ...(exists && { uid: objectUid }) };
}

import type { AdmissionReviewRequest } from './admission-review.js';
import { isForeignObject } from './foreign-json.js';
import { isObjectName } from './object-name.js';
import { podSpecOf } from './pod-spec-images.js';
import { workloadKind } from './workload-kind.js';

/** How a workload's images are pulled, as its author wrote it: names, which may name nothing. */
export interface PullSecretNames {
  readonly names: readonly string[];
  /** Whose pull secrets its pods will get; undefined for a Pod, which has them already, and where it names its own. */
  readonly serviceAccount: string | undefined;
}

const MAX_NAMES = 16;

/**
 * The `imagePullSecrets` of a workload. A ServiceAccount's are in a Pod by the time it gets here, if it named none itself
 * (admission plugin ServiceAccount); the pods of a template will get them the same way.
 */
export function pullSecretNames({ kind, object }: AdmissionReviewRequest): PullSecretNames {
  const workload = workloadKind(kind);
  const spec = workload === undefined || object === undefined ? undefined : podSpecOf(workload, object);
  if (workload === undefined || spec === undefined) return { names: [], serviceAccount: undefined };
  const names = namesIn(spec['imagePullSecrets']);
  if (names.length > 0 || workload.kind === 'Pod') return { names, serviceAccount: undefined };
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  return { names, serviceAccount: isObjectName(account) ? account : 'default' };
}

function namesIn(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  const names = list.flatMap((entry: unknown) => {
    const name = isForeignObject(entry) ? entry['name'] : undefined;
    // What is no name, names no object, and is not repeated in messages either.
    return isObjectName(name) ? [name] : [];
  });
  return [...new Set(names)].slice(0, MAX_NAMES);
}

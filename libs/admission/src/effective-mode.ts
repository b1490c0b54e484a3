import type { AdmissionReviewRequest } from './admission-review.js';
import type { Mode } from './decision.js';

/** What the configuration says about the namespace of a request. */
export interface NamespaceStanding {
  /** Exempt by name. */
  readonly isIgnored: boolean;
  /** In detection mode, by name or label. */
  readonly isDetectOnly: boolean;
}

/**
 * How the answer follows from the decision. Pods-only validation wins over detection mode for everything that is not a
 * pod or part of one, and says nothing about pods.
 */
export function effectiveMode(
  { resource }: AdmissionReviewRequest,
  features: { readonly detectionMode: boolean; readonly resourceValidationMode: 'all' | 'podsOnly' },
  namespace: NamespaceStanding = { isIgnored: false, isDetectOnly: false },
): Mode {
  if (namespace.isIgnored) return 'ignored';
  const isPod = resource.group === '' && resource.resource === 'pods';
  if (features.resourceValidationMode === 'podsOnly' && !isPod) return 'podsOnly';
  return features.detectionMode || namespace.isDetectOnly ? 'detect' : 'enforce';
}

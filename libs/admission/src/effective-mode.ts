import type { AdmissionReviewRequest } from './admission-review.js';
import type { Mode } from './decision.js';

/**
 * How the answer follows from the decision. Pods-only validation wins over detection mode for everything that is not a
 * pod or part of one, and says nothing about pods.
 */
export function effectiveMode(
  { resource }: AdmissionReviewRequest,
  features: { readonly detectionMode: boolean; readonly resourceValidationMode: 'all' | 'podsOnly' },
): Mode {
  const isPod = resource.group === '' && resource.resource === 'pods';
  if (features.resourceValidationMode === 'podsOnly' && !isPod) return 'podsOnly';
  return features.detectionMode ? 'detect' : 'enforce';
}

import type { Phase } from '#contracts';

import type { AdmissionReviewRequest } from './admission-review.js';
import { isForeignObject } from './foreign-json.js';
import { isObjectUid } from './object-name.js';

/**
 * The UID that the API server gave the object, or nothing where it has none yet: what a CREATE brings to `/mutate` is
 * whatever its author wrote there.
 */
export function objectUidOf(request: AdmissionReviewRequest, phase: Phase): string | undefined {
  const isCreated = request.operation === 'CREATE' && phase === 'validate';
  const metadata = (isCreated ? request.object : request.oldObject)?.['metadata'];
  const uid = isForeignObject(metadata) ? metadata['uid'] : undefined;
  return isObjectUid(uid) ? uid : undefined;
}

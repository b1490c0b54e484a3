import { expect, test } from 'vitest';

import type { Phase } from '#contracts';

import type { AdmissionReviewRequest } from './admission-review.js';
import { objectUidOf } from './object-uid.js';

const OLD = { metadata: { uid: 'old-uid' } };

test.for<{ name: string; operation: string; phase: Phase; uid: unknown; old?: object; found?: string }>([
  { name: 'an update', operation: 'UPDATE', phase: 'mutate', uid: 'new-uid', old: OLD, found: 'old-uid' },
  { name: 'a creation that is validated', operation: 'CREATE', phase: 'validate', uid: 'u-1', found: 'u-1' },
  { name: 'K26 a creation before the API server gave one', operation: 'CREATE', phase: 'mutate', uid: 'u-1' },
  { name: 'a uid that could be a path', operation: 'CREATE', phase: 'validate', uid: '../x' },
  { name: 'a uid that is no text', operation: 'CREATE', phase: 'validate', uid: { a: 1 } },
  { name: 'a connection', operation: 'CONNECT', phase: 'mutate', uid: 'u-1' },
])('$name', ({ operation, phase, uid, old, found }) => {
  // Only the fields that are read.
  const request = {
    operation,
    object: { metadata: { uid } },
    oldObject: old,
  } as unknown as AdmissionReviewRequest;
  expect(objectUidOf(request, phase)).toBe(found);
});

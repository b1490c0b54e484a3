import { createHash } from 'node:crypto';

import { frame } from '../keys/frame.js';

/** Names one image under one rule in one cluster, the unit in which crashes are counted: 32 hex digits. */
export type Subject = string;

/** The same for every gateway and verifier of a cluster; parts are framed, so that no two make one. */
export function subjectOf(
  cluster: string,
  { image, rule }: { readonly image: string; readonly rule: string },
): Subject {
  return createHash('sha256')
    .update(frame('connaisseur/subject/v1', cluster, image, rule))
    .digest('hex')
    .slice(0, 32);
}

import { RefusedError, UndecidedError } from '#validator';

import { REFUSALS, TrustDataError, type TrustDataFault } from './error.js';

/** The step that helps, by what is wrong; the code's own where there is nothing better to say. */
const NEXT: Partial<Record<TrustDataFault, string>> = {
  malformed: 'see what the notary server answers under …/_trust/tuf/, and whether it is one',
  hash: 'try again; if it stays so, see whether the notary server or a proxy before it serves old files',
  'pinned-key': 'compare the rule’s trust root with the root key of this collection',
  collection: 'sign with a root key that is certified for this collection',
  expired: 'publish anew, so that the signer renews what has expired',
  missing: 'sign the image: notary init and addhash, or docker push with DOCKER_CONTENT_TRUST=1',
  rollback: 'if the collection was rightly restored: connaisseur notary reset',
};

/** What a fault in trust data means for the image. Anything else passes through. */
export function toVerdictError(error: unknown, server: string): unknown {
  if (!(error instanceof TrustDataError)) return error;
  const code = REFUSALS[error.fault];
  const next = NEXT[error.fault];
  const message = `trust data of ${server}: ${error.message}`;
  if (code !== undefined)
    return new RefusedError(code, message, { cause: error, ...(next === undefined ? {} : { next }) });
  const sentence = next === undefined ? message : `${message}; ${next}`;
  return new UndecidedError('CNS-2007', sentence, { cause: error });
}

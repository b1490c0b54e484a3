import { type Place, PLACES } from './find-signatures.js';
import type { Candidate } from './found-signature.js';
import type { SignatureSearch } from './signature-source.js';

/** Made once: a new exception for each search would cost more than the search. */
const ENOUGH = new DOMException('enough signatures were found', 'AbortError');

/**
 * What a search reports: `visit` answers whether enough was found; `ended` is told of each place that was looked at, or
 * why it was not.
 */
export interface Visitor {
  visit(candidate: Candidate): Promise<boolean>;
  ended(place: Place, failure: unknown): void;
}

/**
 * Looks at every place at once and stops as soon as the visitor has enough; what is under way then is aborted. Returns
 * only if enough was found or every place was looked at to its end: where one could not be, its error is thrown,
 * because the proof may lie there.
 */
export async function lookEverywhere(search: SignatureSearch, visitor: Visitor): Promise<void> {
  const stop = new AbortController();
  const { promise: enough, resolve } = Promise.withResolvers<'enough'>();
  const scoped = { ...search, signal: AbortSignal.any([search.signal, stop.signal]) };
  const looks = PLACES.map(async (place) => {
    if (await lookAt(place, scoped, visitor)) resolve('enough');
  });
  try {
    const ended = await Promise.race([enough, Promise.allSettled(looks)]);
    const failed = ended === 'enough' ? undefined : ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  } finally {
    stop.abort(ENOUGH);
  }
}

/**
 * True where the visitor has enough. A visitor is not asked again once the search was stopped: that is a place not
 * looked at to its end.
 */
async function lookAt(place: Place, search: SignatureSearch, visitor: Visitor): Promise<boolean> {
  try {
    for await (const candidate of place.find(search)) {
      search.signal.throwIfAborted();
      if (await visitor.visit(candidate)) return true;
    }
    visitor.ended(place, undefined);
    return false;
  } catch (error) {
    if (!search.signal.aborted) visitor.ended(place, error);
    throw error;
  }
}

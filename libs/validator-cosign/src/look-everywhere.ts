import { type Place, PLACES } from './find-signatures.js';
import type { Candidate } from './found-signature.js';
import type { SignatureSearch } from './signature-source.js';
import { StoppableSource } from './stoppable-source.js';

/** Made once: a new exception for each search would cost more than the search. */
const ENOUGH = new DOMException('enough signatures were found', 'AbortError');
/** An honest registry has answered by then; a slow one does not keep requests of ours that nobody waits for. */
const STRAGGLER_MS = 1_000;

/**
 * What a search reports: `visit` answers whether enough was found; `ended` is told of each place that was looked at, or
 * why it was not.
 */
export interface Visitor {
  visit(candidate: Candidate): Promise<boolean>;
  ended(place: Place, failure: unknown): void;
}

/**
 * Looks at every place at once and stops as soon as the visitor has enough: nothing more is asked for then, and what is
 * under way has a moment to end. Returns only if enough was found or every place was looked at to its end: where one
 * could not be, its error is thrown, because the proof may lie there.
 */
export async function lookEverywhere(search: SignatureSearch, visitor: Visitor): Promise<void> {
  const stop = new AbortController();
  const cutOff = new AbortController();
  const { promise: enough, resolve } = Promise.withResolvers<'enough'>();
  const scoped = {
    ...search,
    source: new StoppableSource(search.source, stop.signal),
    signal: AbortSignal.any([search.signal, cutOff.signal]),
  };
  const looks = PLACES.map(async (place) => {
    if (await lookAt(place, scoped, visitor, stop.signal)) resolve('enough');
  });
  const all = Promise.allSettled(looks);
  try {
    const ended = await Promise.race([enough, all]);
    const failed = ended === 'enough' ? undefined : ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  } finally {
    stop.abort(ENOUGH);
    const timer = setTimeout(() => cutOff.abort(ENOUGH), STRAGGLER_MS).unref();
    void all.then(() => clearTimeout(timer));
  }
}

/**
 * True where the visitor has enough. A visitor is not asked again once the search was stopped: that is a place not
 * looked at to its end.
 */
async function lookAt(
  place: Place,
  search: SignatureSearch,
  visitor: Visitor,
  stop: AbortSignal,
): Promise<boolean> {
  const isOver = (): boolean => stop.aborted || search.signal.aborted;
  try {
    for await (const candidate of place.find(search)) {
      if (isOver()) throw stop.aborted ? stop.reason : search.signal.reason;
      if (await visitor.visit(candidate)) return true;
    }
    if (!isOver()) visitor.ended(place, undefined);
    return false;
  } catch (error) {
    if (!isOver()) visitor.ended(place, error);
    throw error;
  }
}

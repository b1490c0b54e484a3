import type { RefusalCode } from '#validator';

/** What is wrong with trust data: one word per rule, for tests and for the words of the verdict. */
export type TrustDataFault =
  | 'malformed'
  | 'type'
  | 'hash'
  | 'signature'
  | 'pinned-key'
  | 'collection'
  | 'rotation'
  | 'expired'
  | 'rollback'
  | 'missing'
  | 'delegation';

/**
 * Faults that prove something about the image's publisher are refusals. The others say that the server did not give what
 * was asked for: asking again may give another answer.
 */
export const REFUSALS: Partial<Record<TrustDataFault, RefusalCode>> = {
  signature: 'CNS-1004',
  'pinned-key': 'CNS-1004',
  collection: 'CNS-1004',
  rotation: 'CNS-1004',
  expired: 'CNS-1007',
  missing: 'CNS-1003',
  delegation: 'CNS-1008',
};

/** Trust data that may not be used. The message holds nothing that a server wrote but role names of our own grammar. */
export class TrustDataError extends Error {
  override readonly name = 'TrustDataError';
  readonly fault: TrustDataFault;

  constructor(fault: TrustDataFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** No trust data at all, or not of the shape that their role has. */
export function malformed(message: string, cause?: unknown): TrustDataError {
  return new TrustDataError('malformed', message, cause === undefined ? undefined : { cause });
}

import type { Digest } from '#image-ref';
import { type Fingerprint, TrustError } from '#trust';

import { MalformedSignatureError } from './error.js';
import type { LogEntry } from './log-entry.js';
import type { SignedContent } from './signed-content.js';

export type SignatureFormat = 'legacy' | 'bundle';

/** A signature of either format, read and not yet believed. */
export interface FoundSignature {
  readonly format: SignatureFormat;
  readonly signature: Uint8Array;
  readonly content: SignedContent;
  /** The digests that the signed bytes vouch for: worth something only once the signature is verified. */
  readonly digests: readonly [Digest, ...Digest[]];
  /** The key that the signature says it is by. Orders what is tried and tells people; decides nothing. */
  readonly namedKey: Fingerprint | undefined;
  /** Reads the log entries, where the rule asks for a log; throws MalformedSignatureError or TrustError. */
  readonly logEntries: () => readonly LogEntry[];
}

/** Something that lies where signatures lie. */
export type Candidate =
  | { readonly kind: 'signature'; readonly signature: FoundSignature }
  | { readonly kind: 'malformed'; readonly format: SignatureFormat }
  /** Signed, about the image, and no signature of it: never counts. */
  | { readonly kind: 'attestation'; readonly format: SignatureFormat }
  /** There are more, and they are not looked at. */
  | { readonly kind: 'too-many' };

/**
 * Runs a reader over foreign bytes: what cannot be read is one signature less, and only a failure that is not about
 * those bytes goes on.
 */
export async function readCandidate(
  format: SignatureFormat,
  read: () => Promise<Candidate>,
): Promise<Candidate> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MalformedSignatureError || error instanceof TrustError)
      return { kind: 'malformed', format };
    throw error;
  }
}

import type { ConfigurationSource } from './configuration-source.js';
import { ConfigurationError } from './finding.js';
import { canonicalJson, sha256 } from './revision.js';

/** What was there: texts, or the reason why they could not be read; equal fingerprints are the same state. */
export type Reading =
  | { readonly fingerprint: string; readonly source: ConfigurationSource }
  | { readonly fingerprint: string; readonly error: ConfigurationError };

/** A file that is being written all the time is left alone after so many reads. */
const MAX_READS = 20;

/**
 * Reads until two readings in a row agree, so that a file that is being written is not taken for a shorter one.
 * Undefined when they never do.
 */
export async function readSettled(
  read: () => ConfigurationSource,
  pause: () => Promise<unknown>,
): Promise<Reading | undefined> {
  let last = readOnce(read);
  for (let reads = 1; reads < MAX_READS; reads += 1) {
    await pause();
    const next = readOnce(read);
    if (next.fingerprint === last.fingerprint) return next;
    last = next;
  }
  return undefined;
}

/** Over names and texts; the texts hold secrets, so only a hash is kept. */
export function fingerprintOf({ file, alerts }: ConfigurationSource): string {
  return sha256(canonicalJson({ file, alerts }));
}

function readOnce(read: () => ConfigurationSource): Reading {
  try {
    const source = read();
    return { fingerprint: fingerprintOf(source), source };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { fingerprint: `error ${error.message}`, error };
  }
}

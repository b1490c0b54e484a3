import { hash } from 'node:crypto';

import type { DecisionStream } from './observer.js';

/** Most records of one batch, on both sides of the stream. */
export const MAX_BATCH = 256;
/** Most characters of one stream entry that a reader looks at; a writer stays far below. */
export const MAX_ENTRY = 8 * 1024 * 1024;
/** Layout of the header; a reader that does not know it treats the batch as malformed. */
export const BATCH_VERSION = 1;

/** The fields of one stream entry as text: what is signed is what was written, byte for byte. */
export interface BatchText {
  /** How many records. */
  readonly n: string;
  /** JSON array: version, cluster, gateway, boot, first number, head before, revision, key id. */
  readonly h: string;
  /** JSON array of the records. */
  readonly d: string;
  /** JSON array of `[record index, evidence]`; absent where there is none. */
  readonly e?: string | undefined;
}

const DOMAIN = 'connaisseur decision batch 1';

/**
 * The chain's head after this batch: SHA-256 over the stream's name and every field, the head before among them.
 * No field can hold a newline (they are JSON texts and a number), so no two batches share a text.
 */
export function batchHead(stream: DecisionStream, { n, h, d, e }: BatchText): string {
  return hash('sha256', `${DOMAIN}\n${stream}\n${n}\n${h}\n${d}\n${e ?? ''}`, 'base64url');
}

/** What the gateway's key signs: a purpose of its own, and the head, which binds all the rest. */
export function signedBytes(head: string): Uint8Array {
  return Buffer.from(`${DOMAIN} head\n${head}`);
}

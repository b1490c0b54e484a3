import { createHash } from 'node:crypto';

import { ImageReferenceError } from './error.js';

declare const verifiedShape: unique symbol;

/** `sha256:` and 64 lower-case hex digits; only this file makes one. */
export type Digest = `sha256:${string}` & { readonly [verifiedShape]: true };

/** OCI image-spec, descriptor.md "Digests"; sha256 is the one algorithm that we verify end to end. */
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** True for a well-formed sha256 digest. */
export function isDigest(text: string): text is Digest {
  return text.length === 71 && DIGEST_PATTERN.test(text);
}

/** Text to digest; throws {@link ImageReferenceError}. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const algorithm = text.slice(0, Math.max(0, text.indexOf(':')));
  if (algorithm !== '' && algorithm !== 'sha256') {
    throw new ImageReferenceError('digest-algorithm', `expected a sha256 digest, got algorithm "${algorithm}"`);
  }
  throw new ImageReferenceError('digest', 'expected "sha256:" and 64 lower-case hex digits');
}

/** The digest of exactly these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

import { createHash } from 'node:crypto';

import { ImageReferenceError } from './error.js';

declare const verifiedShape: unique symbol;

/** `sha256:` and 64 lower-case hex digits; only this file makes one. */
export type Digest = `sha256:${string}` & { readonly [verifiedShape]: true };

/** OCI image-spec, descriptor.md "Digests"; sha256 is the one algorithm that we verify end to end. */
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** OCI image-spec, descriptor.md: `algorithm ":" encoded`, for telling another algorithm from no digest at all. */
const OTHER_ALGORITHM = /^([A-Za-z0-9]{1,16}(?:[+._-][A-Za-z0-9]{1,16}){0,2}):/;

/** True for a well-formed sha256 digest. */
export function isDigest(text: string): text is Digest {
  return text.length === 71 && DIGEST_PATTERN.test(text);
}

/** Text to digest; throws {@link ImageReferenceError}. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const algorithm = OTHER_ALGORITHM.exec(text)?.[1];
  if (algorithm !== undefined && algorithm !== 'sha256') {
    throw new ImageReferenceError(
      'digest-algorithm',
      `expected a sha256 digest, got algorithm "${algorithm}"`,
    );
  }
  throw new ImageReferenceError('digest', 'expected "sha256:" and 64 lower-case hex digits');
}

/** The digest of exactly these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  // The cast is the shape that createHash guarantees.
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

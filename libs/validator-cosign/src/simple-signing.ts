import { type Digest, isDigest } from '#image-ref';

import { MalformedSignatureError } from './error.js';
import { JsonObject } from './json-object.js';

/** Media type of the layers that hold what was signed (cosign, SIGNATURE_SPEC.md). */
export const SIMPLE_SIGNING_MEDIA_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const CLAIM_TYPE = 'cosign container image signature';

/**
 * Reads the digest that a payload vouches for; throws {@link MalformedSignatureError}. `critical` must hold what the
 * specification names and nothing else. `docker-reference` is read and not compared: a mirror serves the same
 * signatures under another name.
 */
export function parseSimpleSigning(payload: Uint8Array): Digest {
  const critical = JsonObject.parse(payload)
    .only('critical', 'optional')
    .object('critical')
    .only('identity', 'image', 'type');
  if (critical.string('type') !== CLAIM_TYPE)
    throw new MalformedSignatureError(`expected critical.type "${CLAIM_TYPE}"`);
  critical.object('identity').only('docker-reference').string('docker-reference');
  const digest = critical.object('image').only('docker-manifest-digest').string('docker-manifest-digest');
  if (!isDigest(digest))
    throw new MalformedSignatureError('expected docker-manifest-digest to be a sha256 digest');
  return digest;
}

/** The payload that cosign signs where it is given nothing to add, byte for byte. */
export function writeSimpleSigning(dockerReference: string, digest: Digest): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': dockerReference },
        image: { 'docker-manifest-digest': digest },
        type: CLAIM_TYPE,
      },
      optional: null,
    }),
  );
}

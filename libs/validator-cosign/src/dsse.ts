import { type Digest, isDigest } from '#image-ref';

import { MalformedSignatureError } from './error.js';
import { JsonObject } from './json-object.js';

/** The one payload type and predicate that make a DSSE envelope an image signature. */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const SIGN_PREDICATE_TYPE = 'https://sigstore.dev/cosign/sign/v1';
const STATEMENT_TYPES: readonly string[] = [
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
];
const MAX_SUBJECTS = 64;

/** What a statement vouches for; one with another predicate says something about an image and does not sign it. */
export type Statement =
  | { readonly kind: 'signature'; readonly digests: readonly [Digest, ...Digest[]] }
  | { readonly kind: 'attestation' };

/** The bytes under a DSSE signature (DSSE v1, "PAE"): lengths count bytes, not characters. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/** Reads an in-toto statement; throws {@link MalformedSignatureError}. */
export function parseStatement(payload: Uint8Array): Statement {
  const statement = JsonObject.parse(payload).only('_type', 'subject', 'predicateType', 'predicate');
  if (!STATEMENT_TYPES.includes(statement.string('_type'))) {
    throw new MalformedSignatureError('expected an in-toto statement, version 1 or 0.1');
  }
  if (statement.string('predicateType') !== SIGN_PREDICATE_TYPE) return { kind: 'attestation' };
  const [first, ...others] = statement
    .objects('subject', MAX_SUBJECTS)
    .flatMap((subject) => digestsOf(subject));
  if (first === undefined) throw new MalformedSignatureError('expected a subject with a sha256 digest');
  return { kind: 'signature', digests: [first, ...others] };
}

/** The subject's sha256, if it has one; other algorithms are not what an image is named by. */
function digestsOf(subject: JsonObject): readonly Digest[] {
  const digest = subject.object('digest');
  if (!digest.has('sha256')) return [];
  const text = `sha256:${digest.string('sha256')}`;
  if (!isDigest(text)) throw new MalformedSignatureError('expected a subject’s sha256 to be 64 hex digits');
  return [text];
}

import { createHash, X509Certificate } from 'node:crypto';

import { decodeBase64, parsePem, type PublicKey } from '#trust';

import { LogProofError } from './error.js';
import type { LogEntry } from './log-entry.js';
import type { SignedContent } from './signed-content.js';
import { JsonObject } from './json-object.js';

/** Names of the hashes in Rekor v1 bodies and in Sigstore's protobufs, to OpenSSL's. */
const HASHES = new Map([
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha512', 'sha512'],
  ['SHA2_256', 'sha256'],
  ['SHA2_384', 'sha384'],
  ['SHA2_512', 'sha512'],
]);

/** A signature whose signer is known: what a log entry must be about. */
export interface SignedBy {
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  readonly key: PublicKey;
}

/** The three things that an entry says, in one shape for every kind: `hashed` is what the hash was taken of. */
interface LoggedSignature {
  readonly hashed: Uint8Array;
  readonly hash: Uint8Array;
  readonly algorithm: string;
  readonly signature: Uint8Array;
  readonly spki: Uint8Array;
}

/**
 * Proves that the entry is about this signature, by this key, over these bytes; throws LogProofError,
 * MalformedSignatureError or TrustError.
 */
export function verifyEntryBody(entry: LogEntry, signed: SignedBy): void {
  const logged = readBody(entry, signed.content);
  const hash = HASHES.get(logged.algorithm);
  if (hash === undefined || !createHash(hash).update(logged.hashed).digest().equals(logged.hash)) {
    throw new LogProofError('other-artifact', 'the log entry is about other bytes');
  }
  if (!Buffer.from(logged.signature).equals(signed.signature)) {
    throw new LogProofError('other-signature', 'the log entry is about another signature');
  }
  if (!Buffer.from(logged.spki).equals(signed.key.spki)) {
    throw new LogProofError('other-key', 'the log entry names another key');
  }
}

/** The body's own kind decides how it is read, and the wrapper may not say otherwise. */
function readBody(entry: LogEntry, content: SignedContent): LoggedSignature {
  const body = JsonObject.parse(entry.body).only('apiVersion', 'kind', 'spec');
  const kind = body.string('kind');
  const version = body.string('apiVersion');
  if (entry.kind !== undefined && (entry.kind.kind !== kind || entry.kind.version !== version)) {
    throw new LogProofError('entry-kind', 'the log entry is of another kind than the bundle says');
  }
  const spec = body.object('spec');
  if (kind === 'hashedrekord' && version === '0.0.1') return readHashedRekord1(spec, content);
  if (kind === 'hashedrekord' && version === '0.0.2') return readHashedRekord2(spec, content);
  if (kind === 'dsse' && version === '0.0.1') return readDsse1(spec, content);
  throw new LogProofError(
    'entry-kind',
    'expected a log entry hashedrekord 0.0.1, hashedrekord 0.0.2 or dsse 0.0.1',
  );
}

function readHashedRekord1(spec: JsonObject, content: SignedContent): LoggedSignature {
  const hash = spec.object('data').object('hash');
  const signature = spec.object('signature');
  return {
    hashed: content.bytes,
    algorithm: hash.string('algorithm'),
    hash: hash.hex('value'),
    signature: signature.base64('content'),
    spki: keyOfPem(signature.object('publicKey').string('content')),
  };
}

function readHashedRekord2(spec: JsonObject, content: SignedContent): LoggedSignature {
  const record = spec.object('hashedRekordV002');
  const data = record.object('data');
  const signature = record.object('signature');
  const verifier = signature.object('verifier');
  return {
    hashed: content.bytes,
    algorithm: data.string('algorithm'),
    hash: data.base64('digest'),
    signature: signature.base64('content'),
    spki: verifier.has('publicKey')
      ? verifier.object('publicKey').base64('rawBytes')
      : keyOfCertificate(verifier.object('x509Certificate').base64('rawBytes')),
  };
}

function readDsse1(spec: JsonObject, content: SignedContent): LoggedSignature {
  const [only, ...others] = spec.objects('signatures', 1);
  if (content.kind !== 'dsse' || only === undefined || others.length > 0) {
    throw new LogProofError(
      'entry-kind',
      'expected a log entry of kind dsse to be about one signed envelope',
    );
  }
  const hash = spec.object('payloadHash');
  return {
    hashed: content.payload,
    algorithm: hash.string('algorithm'),
    hash: hash.hex('value'),
    signature: only.base64('signature'),
    spki: keyOfPem(only.string('verifier')),
  };
}

/** Rekor v1 stores keys and certificates as base64 of PEM. */
function keyOfPem(text: string): Uint8Array {
  const { label, der } = parsePem(Buffer.from(decodeBase64(text)).toString(), ['PUBLIC KEY', 'CERTIFICATE']);
  return label === 'PUBLIC KEY' ? der : keyOfCertificate(der);
}

/** A key that was signed with beside its certificate is logged under the certificate. */
function keyOfCertificate(der: Uint8Array): Uint8Array {
  try {
    return new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw new LogProofError('malformed', 'the log entry holds a certificate that cannot be read', { cause });
  }
}

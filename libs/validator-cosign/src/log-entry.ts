import { decodeBase64 } from '#trust';

import { type Checkpoint, parseCheckpoint } from './checkpoint.js';
import { MalformedSignatureError } from './error.js';
import { HASH_BYTES, type MerklePath } from './inclusion-proof.js';
import { JsonObject } from './json-object.js';

const MAX_ENTRIES = 8;
/** A tree of 2^53 leaves is 53 high. */
const MAX_PATH = 53;
const MAX_BODY_BYTES = 65_536;

export interface EntryKind {
  readonly kind: string;
  readonly version: string;
}

export interface InclusionProof extends MerklePath {
  readonly rootHash: Uint8Array;
  readonly checkpoint: Checkpoint;
}

/** An entry of a transparency log as a signature carries it, parsed and not yet believed. */
export interface LogEntry {
  readonly logId: Uint8Array;
  readonly logIndex: number;
  /** Seconds since the epoch; 0 where the log does not say. */
  readonly integratedTime: number;
  readonly body: Uint8Array;
  /** What the wrapper says of the body; the legacy form says nothing. */
  readonly kind: EntryKind | undefined;
  /** The log's signature over the entry (signed entry timestamp). */
  readonly promise: Uint8Array | undefined;
  readonly proof: InclusionProof | undefined;
}

/** The annotation `dev.sigstore.cosign/bundle`; throws MalformedSignatureError or TrustError. */
export function parseLegacyLogEntry(annotation: string): LogEntry {
  const bundle = JsonObject.parse(Buffer.from(annotation));
  const payload = bundle.object('Payload').only('body', 'integratedTime', 'logIndex', 'logID');
  return {
    logId: payload.hex('logID'),
    logIndex: payload.integer('logIndex'),
    integratedTime: payload.integer('integratedTime'),
    body: bodyOf(payload.string('body')),
    kind: undefined,
    promise: bundle.base64('SignedEntryTimestamp'),
    proof: undefined,
  };
}

/** `verificationMaterial.tlogEntries` of a bundle; throws MalformedSignatureError or TrustError. */
export function parseLogEntries(material: JsonObject): readonly LogEntry[] {
  return material.objects('tlogEntries', MAX_ENTRIES).map((entry) => {
    const kind = entry.object('kindVersion');
    return {
      logId: entry.object('logId').base64('keyId'),
      logIndex: entry.int64('logIndex'),
      integratedTime: entry.int64('integratedTime'),
      body: bodyOf(entry.string('canonicalizedBody')),
      kind: { kind: kind.string('kind'), version: kind.string('version') },
      promise: entry.has('inclusionPromise')
        ? entry.object('inclusionPromise').base64('signedEntryTimestamp')
        : undefined,
      proof: entry.has('inclusionProof') ? parseProof(entry.object('inclusionProof')) : undefined,
    };
  });
}

function parseProof(proof: JsonObject): InclusionProof {
  return {
    index: proof.int64('logIndex'),
    treeSize: proof.int64('treeSize'),
    hashes: proof.strings('hashes', MAX_PATH).map((hash) => hashOf(hash)),
    rootHash: hashOf(proof.string('rootHash')),
    checkpoint: parseCheckpoint(proof.object('checkpoint').string('envelope')),
  };
}

function bodyOf(text: string): Uint8Array {
  const body = decodeBase64(text);
  if (body.length > MAX_BODY_BYTES)
    throw new MalformedSignatureError(`expected a log entry of at most ${MAX_BODY_BYTES} bytes`);
  return body;
}

function hashOf(text: string): Uint8Array {
  const hash = decodeBase64(text);
  if (hash.length !== HASH_BYTES)
    throw new MalformedSignatureError('expected a SHA-256 in the inclusion proof');
  return hash;
}

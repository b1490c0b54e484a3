import { createHash } from 'node:crypto';

import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };

import { decodeBase64, parsePublicKey, type PublicKey, publicKeyFromSpki, TrustError } from '#trust';
import { ValidatorSetupError } from '#validator';

import { JsonObject } from './json-object.js';

/** Where the package keeps the files that its trust in Sigstore starts from. */
const SIGSTORE_MIRROR = 'https://tuf-repo-cdn.sigstore.dev';
const MAX_LOGS = 32;
/** c2sp.org/signed-note: the byte that says Ed25519 in a key id. */
const NOTE_ED25519 = 1;
const ED25519_BYTES = 32;

/** A transparency log that is believed. Times are seconds since the epoch, both inclusive. */
export interface LogKey {
  readonly key: PublicKey;
  /** The name that signs the log's checkpoints; `undefined` where only the key is known. */
  readonly name: string | undefined;
  readonly validFrom: number;
  readonly validUntil: number;
}

/**
 * The logs that a validator believes: the configured key and no other, or else Sigstore's public logs. Throws
 * ValidatorSetupError.
 */
export function logKeysFor(rekorPubkey: string | undefined): readonly LogKey[] {
  if (rekorPubkey === undefined) return sigstoreLogKeys();
  try {
    return [{ key: parsePublicKey(rekorPubkey), name: undefined, validFrom: 0, validUntil: Infinity }];
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new ValidatorSetupError(`the transparency log's key: ${cause.message}`, { cause });
  }
}

/** Sigstore's public logs, from the trusted root that this release ships: no network is needed to verify. */
export function sigstoreLogKeys(): readonly LogKey[] {
  const root = JsonObject.parse(decodeBase64(seeds[SIGSTORE_MIRROR].targets['trusted_root.json']));
  return root.objects('tlogs', MAX_LOGS).map((log) => {
    const publicKey = log.object('publicKey');
    const validFor = publicKey.object('validFor');
    return {
      key: publicKeyFromSpki(publicKey.base64('rawBytes')),
      name: new URL(log.string('baseUrl')).host,
      // A log without a start is not believed at all: reading it throws.
      validFrom: seconds(validFor.string('start')),
      validUntil: validFor.has('end') ? seconds(validFor.string('end')) : Infinity,
    };
  });
}

/**
 * The ids under which entries may name this log: SHA-256 of its key (Rekor v1), and for Ed25519 the key id of a signed
 * note (Rekor v2), which depends on the signer's name.
 */
export function logIds({ key, name }: LogKey, signerNames: readonly string[]): readonly Buffer[] {
  const ids = [createHash('sha256').update(key.spki).digest()];
  if (key.kind !== 'ed25519') return ids;
  return [...ids, ...(name === undefined ? signerNames : [name]).map((signer) => noteKeyId(signer, key))];
}

function noteKeyId(name: string, key: PublicKey): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(NOTE_ED25519))
    .update(key.spki.subarray(-ED25519_BYTES))
    .digest();
}

function seconds(time: string): number {
  const milliseconds = Date.parse(time);
  // NaN would make every comparison false, which reads as "within".
  if (!Number.isFinite(milliseconds))
    throw new TypeError(`expected a time in the trusted root, got "${time}"`);
  return milliseconds / 1000;
}

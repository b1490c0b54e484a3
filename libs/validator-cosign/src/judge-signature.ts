import type { Digest } from '#image-ref';
import { type Fingerprint, verifySignature } from '#trust';

import { LogProofError } from './error.js';
import type { FoundSignature, SignatureFormat } from './found-signature.js';
import type { LogKey } from './log-keys.js';
import { type LogEvidence, verifyLogged } from './transparency-log.js';
import type { TrustRoot } from './trust-root.js';

/** What one signature is worth, in the order in which it is looked at: whose, of what, and logged or not. */
export type Judgement = { readonly format: SignatureFormat } & (
  | { readonly kind: 'unknown-key'; readonly namedKey: Fingerprint | undefined }
  | { readonly kind: 'other-digest'; readonly root: TrustRoot; readonly digest: Digest }
  | { readonly kind: 'unlogged'; readonly root: TrustRoot; readonly error: LogProofError }
  | { readonly kind: 'verified'; readonly root: TrustRoot; readonly log: LogEvidence | undefined }
);

/** What signatures are judged by: one time and one set of believed logs for the whole verification. */
export interface Standard {
  readonly subject: Digest;
  readonly roots: readonly TrustRoot[];
  /** `undefined`: the rule does not ask for a log. */
  readonly logs: readonly LogKey[] | undefined;
  readonly now: Date;
}

/** Judges one signature; never throws for what it finds. */
export async function judgeSignature(found: FoundSignature, standard: Standard): Promise<Judgement> {
  const { format, digests } = found;
  const root = await findSigner(found, standard.roots);
  if (root === undefined) return { kind: 'unknown-key', format, namedKey: found.namedKey };
  if (!digests.includes(standard.subject)) return { kind: 'other-digest', format, root, digest: digests[0] };
  if (standard.logs === undefined) return { kind: 'verified', format, root, log: undefined };
  try {
    const signed = { content: found.content, signature: found.signature, key: root.key };
    const log = await verifyLogged(found.logEntries, signed, standard.logs, standard.now);
    return { kind: 'verified', format, root, log };
  } catch (error) {
    if (error instanceof LogProofError) return { kind: 'unlogged', format, root, error };
    throw error;
  }
}

/**
 * The trust root whose key made the signature. The key that the signature names is tried first, and every other one
 * after it.
 */
async function findSigner(
  found: FoundSignature,
  roots: readonly TrustRoot[],
): Promise<TrustRoot | undefined> {
  const isNamed = (root: TrustRoot): boolean => root.key.fingerprint === found.namedKey;
  for (const root of [...roots.filter(isNamed), ...roots.filter((each) => !isNamed(each))]) {
    if (await verifySignature(root.key, found.content.bytes, found.signature)) return root;
  }
  return undefined;
}

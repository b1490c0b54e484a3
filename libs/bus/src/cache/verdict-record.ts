import { Verdict } from '#contracts';

import { type DecisionSigner, type DecisionVerifier, parseSignature } from '../decisions/signing.js';
import { endOfLife, isShareable, type LivingVerdict, type VerdictLimits } from './shared-verdicts.js';

/** Why a record was not believed. */
export type RecordFault = 'malformed' | 'signature' | 'time' | 'verdict';

export type OpenedRecord =
  | { readonly kind: 'verdict'; readonly living: LivingVerdict }
  | { readonly kind: 'expired' }
  | { readonly kind: 'forged'; readonly fault: RecordFault };

/** To whom a record belongs: the question that it answers, in this cluster. */
export interface RecordPlace {
  readonly cluster: string;
  readonly key: string;
}

/** Most characters of a record: a verdict with all the evidence that the contract allows is below. */
export const MAX_RECORD = 128 * 1024;
/** How far a verifier's clock may be ahead of a reader's, ms. */
const CLOCK_SKEW_MS = 60_000;

const DOMAIN = 'connaisseur shared verdict 1';
/** Key id, since, until, signature, and the verdict's JSON text, each on a line. */
const RECORD = /^([\w.-]{1,128})\n(\d{1,15})\n(\d{1,15})\n([\w-]{86})\n([^\n]+)$/;

/** The text of a signed record. */
export function sealVerdict(
  place: RecordPlace,
  { verdict, since, until }: LivingVerdict,
  signer: DecisionSigner,
): string {
  const json = JSON.stringify(verdict);
  const { id } = signer;
  const signature = signer.sign(signedBytes(place, id, `${since}`, `${until}`, json));
  return [id, since, until, Buffer.from(signature).toString('base64url'), json].join('\n');
}

/** The verdict of a record that a verifier signed for exactly this place; its life is cut to the reader's limits. */
export function openVerdict(
  place: RecordPlace,
  text: string,
  verifier: DecisionVerifier,
  limits: VerdictLimits,
  now: number,
): OpenedRecord {
  const [, id, since, until, signatureText, json] =
    (text.length <= MAX_RECORD ? RECORD.exec(text) : undefined) ?? [];
  const signature = parseSignature(signatureText ?? '');
  if (
    id === undefined ||
    since === undefined ||
    until === undefined ||
    json === undefined ||
    signature === undefined
  ) {
    return { kind: 'forged', fault: 'malformed' };
  }
  if (!verifier.verify(id, signedBytes(place, id, since, until, json), signature)) {
    return { kind: 'forged', fault: 'signature' };
  }
  const verdict = parseVerdict(json);
  if (verdict === undefined) return { kind: 'forged', fault: 'malformed' };
  return judge({ verdict, since: Number(since), until: Number(until) }, limits, now);
}

/** A verifier signed it; still it must be a verdict that is shared, and it must live by the reader's own limits. */
function judge({ verdict, since, until }: LivingVerdict, limits: VerdictLimits, now: number): OpenedRecord {
  if (!isShareable(verdict)) return { kind: 'forged', fault: 'verdict' };
  if (since > now + CLOCK_SKEW_MS) return { kind: 'forged', fault: 'time' };
  const end = endOfLife(verdict, since, until - since, limits);
  return end > now ? { kind: 'verdict', living: { verdict, since, until: end } } : { kind: 'expired' };
}

/** JSON texts hold no newline, so no two records share these bytes. */
function signedBytes(
  { cluster, key }: RecordPlace,
  id: string,
  since: string,
  until: string,
  json: string,
): Uint8Array {
  return Buffer.from(`${DOMAIN}\n${JSON.stringify([cluster, key, id, since, until])}\n${json}`);
}

function parseVerdict(json: string): Verdict | undefined {
  try {
    return Verdict.parse(JSON.parse(json));
  } catch {
    // Signed, but by a verifier of another version: the caller counts it.
    return undefined;
  }
}

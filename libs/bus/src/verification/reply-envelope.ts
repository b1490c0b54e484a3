import { VerificationReply, type VerificationRequest } from '#contracts';

import type { VerdictKeys } from '../keys/signature-keys.js';
import { EnvelopeError } from './error.js';
import { MAX_BODY_BYTES, parseJson } from './request-envelope.js';
import { openText, sealText } from './signed-text.js';

const DOMAIN = 'connaisseur/reply/v1';

/** A reply as text, signed. Evidence that does not fit is left out from the end: it explains a verdict and never makes one. */
export function sealReply(reply: VerificationReply, keys: VerdictKeys): string {
  return sealText(DOMAIN, toBoundedJson(reply), keys);
}

/** The reply in a text, authentic and of the contract's shape; throws {@link EnvelopeError}. */
export function openReply(text: string, keys: VerdictKeys): VerificationReply {
  const parsed = VerificationReply.safeParse(parseJson(openText(DOMAIN, text, keys)));
  if (parsed.success) return parsed.data;
  throw new EnvelopeError('schema', 'expected a verification reply', { cause: parsed.error });
}

/** True where every field of the question stands in the reply: an authentic answer to something else is none. */
export function isBoundTo(
  reply: VerificationReply,
  request: Omit<VerificationRequest, 'attempt' | 'budgetMs'>,
): boolean {
  return (
    reply.v === request.v &&
    reply.cluster === request.cluster &&
    reply.nonce === request.nonce &&
    reply.image === request.image &&
    reply.rule === request.rule &&
    reply.revision === request.revision
  );
}

function toBoundedJson(reply: VerificationReply): string {
  const json = JSON.stringify(reply);
  if (Buffer.byteLength(json) <= MAX_BODY_BYTES) return json;
  if (reply.kind !== 'verdict' || reply.verdict.evidence.length === 0) {
    throw new EnvelopeError('size', `expected a reply of at most ${MAX_BODY_BYTES} bytes`);
  }
  const evidence = reply.verdict.evidence.slice(0, Math.floor(reply.verdict.evidence.length / 2));
  return toBoundedJson({ ...reply, verdict: { ...reply.verdict, evidence } });
}

import { PROTOCOL_VERSION, Verdict, type VerificationReply, type VerificationRequest } from '#contracts';

import type { BusObserver } from './observer.js';

/** What a verifier says: a verdict, or that it has another configuration. */
export type VerifierAnswer =
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'cannot'; readonly reason: 'revision' };

/** Judges one request. What it throws becomes an undecided verdict; it must end when the signal says so. */
export type VerifyHandler = (request: VerificationRequest, signal: AbortSignal) => Promise<VerifierAnswer>;

/** The reply to a request, from the handler's answer, bound to every field of the question. Never rejects. */
export async function answerWith(
  handler: VerifyHandler,
  request: VerificationRequest,
  { verifier, observer }: { readonly verifier: string; readonly observer: BusObserver },
  signal: AbortSignal,
): Promise<VerificationReply> {
  if (request.v !== PROTOCOL_VERSION) return cannot(request, 'protocol', verifier);
  try {
    const answer = await handler(request, signal);
    if (answer.kind === 'cannot') return cannot(request, answer.reason, verifier);
    return { kind: 'verdict', ...boundOf(request, verifier), verdict: Verdict.parse(answer.verdict) };
  } catch (error) {
    observer.observe({ kind: 'handler-failed', error });
    return { kind: 'verdict', ...boundOf(request, verifier), verdict: FAULT };
  }
}

/** The reply that says no verdict will come from here, and why. */
export function cannot(
  request: VerificationRequest,
  reason: Extract<VerificationReply, { kind: 'cannot' }>['reason'],
  verifier: string,
): VerificationReply {
  return { kind: 'cannot', ...boundOf(request, verifier), reason };
}

/** The text of an unexpected error may quote anything, so it stays in the verifier's log. */
const FAULT: Verdict = {
  outcome: 'undecided',
  code: 'CNS-3004',
  message: 'the verifier failed unexpectedly; see its log',
  evidence: [],
  tookMs: 0,
};

function boundOf(request: VerificationRequest, verifier: string) {
  const { v, cluster, nonce, image, rule, revision } = request;
  return { v, cluster, nonce, image, rule, revision, verifier };
}

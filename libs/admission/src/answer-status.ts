import type { Code } from '#validator';

import type { Denial } from './decision.js';
import { denialMessage } from './denial-message.js';

/** The part of `metav1.Status` that a webhook sets. */
export interface AnswerStatus {
  readonly code: number;
  /** Absent for 403, so that kubectl prints `Error from server: admission webhook …`. */
  readonly reason?: 'ServiceUnavailable' | 'InternalError';
  readonly message: string;
  readonly details?: { readonly retryAfterSeconds: number };
}

/**
 * Seconds after which asking again may help. The API server turns them into `Retry-After`, and client-go then asks
 * again by itself, up to ten times: so only where the reason passes without anybody doing something.
 */
const RETRY_SECONDS: ReadonlyMap<Code, number> = new Map([
  ['CNS-2004', 5],
  ['CNS-2005', 10],
  ['CNS-2006', 2],
  ['CNS-2008', 30],
  ['CNS-3002', 5],
]);
const MAX_RETRY_SECONDS = 60;

/**
 * Refused is 403; could not look is 503; our own fault is 500. The worst problem decides. Where the mode lets the object
 * through, the message stays, for those who read the answer and not the warnings.
 */
export function answerStatus(denial: Denial, allowed: boolean): AnswerStatus {
  const message = denialMessage(denial);
  if (allowed) return { code: 200, message };
  const [{ code }] = denial.problems;
  if (code.startsWith('CNS-1')) return { code: 403, message };
  const details = retryAfter(denial);
  return code.startsWith('CNS-2')
    ? { code: 503, reason: 'ServiceUnavailable', message, ...details }
    : { code: 500, reason: 'InternalError', message, ...details };
}

/** The longest of all, because the object is admitted when the last of its images is. */
function retryAfter({ problems }: Denial): Pick<AnswerStatus, 'details'> {
  let seconds = 0;
  for (const { code, retryAfterMs } of problems) {
    const wanted = retryAfterMs === undefined ? RETRY_SECONDS.get(code) : Math.ceil(retryAfterMs / 1000);
    if (wanted === undefined) return {};
    seconds = Math.max(seconds, wanted);
  }
  return { details: { retryAfterSeconds: Math.min(Math.max(seconds, 1), MAX_RETRY_SECONDS) } };
}

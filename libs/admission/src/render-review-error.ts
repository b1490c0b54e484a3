import { plainText } from './plain-text.js';
import type { AdmissionReviewAnswer } from './render-answer.js';
import type { ReviewError } from './review-error.js';

/** What to send for a request that is not one: a denial where the uid is known, else an HTTP error. */
export type ReviewErrorAnswer =
  | { readonly status: 200; readonly answer: AdmissionReviewAnswer }
  | { readonly status: 400 | 413; readonly text: string };

/** Never an allow, in no mode: what cannot be read was not judged. */
export function renderReviewError({ envelope, status, message }: ReviewError): ReviewErrorAnswer {
  const text = plainText(message, 200);
  if (envelope === undefined) return { status, text };
  const { apiVersion, uid } = envelope;
  const response = { uid, allowed: false, status: { code: 400, message: text } };
  return { status: 200, answer: { apiVersion, kind: 'AdmissionReview', response } };
}

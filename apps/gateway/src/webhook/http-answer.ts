import { renderReviewError, type ReviewError } from '#admission';

import type { ReviewAnswer } from './webhook-server.js';

/** A JSON document. */
export function json(status: number, body: object): ReviewAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

/** One line for people, or none, where no AdmissionReview can be answered. */
export function text(status: number, message: string): ReviewAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: message === '' ? '' : `${message}\n` };
}

/** What is sent for a review that cannot be read: a denial where its uid is known, else a 4xx; never an allow. */
export function refusalOf(error: ReviewError): ReviewAnswer {
  const answer = renderReviewError(error);
  return answer.status === 200 ? json(200, answer.answer) : text(answer.status, answer.text);
}

import type { ReviewAnswer } from './webhook-server.js';

/** A JSON document. */
export function json(status: number, body: object): ReviewAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

/** One line for people, or none, where no AdmissionReview can be answered. */
export function text(status: number, message: string): ReviewAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: message === '' ? '' : `${message}\n` };
}

/** Why an attempt did not deliver. A closed union: these are the words of logs, metrics and job errors. */
export type DeliveryFault =
  | 'TIMED_OUT'
  | 'UNREACHABLE'
  | 'RATE_LIMITED'
  | 'SERVER_ERROR'
  | 'UNEXPECTED_ANSWER'
  | 'REFUSED'
  | 'REDIRECTED'
  | 'FORBIDDEN_ADDRESS'
  | 'INVALID_RECEIVER'
  | 'NOT_RENDERED'
  | 'CANCELLED';

interface Failure {
  readonly reason: DeliveryFault;
  /** Where there was an answer. */
  readonly status?: number;
  /** One sentence for people: what happened and what helps. No URL, no header, nothing that the receiver wrote (A09, A10). */
  readonly message: string;
}

/** What one attempt came to. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly status: number }
  /** The template is empty: nothing was to be sent. */
  | { readonly kind: 'skipped' }
  /** Another attempt may succeed; `afterMs` is when the receiver wants it, and is never more than an hour. */
  | ({ readonly kind: 'retry'; readonly afterMs?: number } & Failure)
  /** No attempt can succeed before somebody changes something. */
  | ({ readonly kind: 'dead' } & Failure);

/** What is wrong with an AdmissionReview: one word per check, so that callers and tests need no text. */
export type ReviewFault =
  | 'empty'
  | 'too-large'
  | 'not-utf8'
  | 'too-deep'
  | 'too-many-values'
  | 'not-json'
  | 'version'
  | 'kind'
  | 'request'
  | 'uid'
  | 'field'
  | 'operation'
  | 'object'
  | 'mismatch';

export type ReviewApiVersion = 'admission.k8s.io/v1' | 'admission.k8s.io/v1beta1';

/** What an answer must repeat, so that the API server accepts it. */
export interface ReviewEnvelope {
  readonly apiVersion: ReviewApiVersion;
  readonly uid: string;
}

/**
 * The bytes are not an AdmissionReview that we decide on. Never an allow. Carries the envelope where that much could be
 * read: the answer is then a denial that also holds where the API server ignores failing webhooks.
 */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
  readonly code: ReviewFault;
  /** HTTP status where there is no envelope to answer in. */
  readonly status: 400 | 413;
  readonly envelope: ReviewEnvelope | undefined;

  constructor(
    code: ReviewFault,
    message: string,
    options: { envelope?: ReviewEnvelope; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = code === 'too-large' ? 413 : 400;
    this.envelope = options.envelope;
  }
}

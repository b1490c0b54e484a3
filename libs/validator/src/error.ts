import type { RefusalCode, UndecidedCode } from './codes.js';

/** For the person who reads the denial: what was there, what the rule wants, what to do. Each ≤ 200 characters. */
export interface RefusalDetails {
  readonly found?: string;
  readonly expected?: string;
  readonly next?: string;
  readonly cause?: unknown;
}

/** The proof is missing or wrong. A definitive answer: may be cached for a short time. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: RefusalCode;
  readonly details: RefusalDetails;

  constructor(code: RefusalCode, message: string, details: RefusalDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/** No judgement was reached: asking again may give another answer, so it is never cached. */
export class UndecidedError extends Error {
  override readonly name = 'UndecidedError';
  readonly code: UndecidedCode;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: UndecidedCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A rule asks something of a validator that it cannot give. Found at load: the rule then denies with CNS-3001. */
export class ValidatorSetupError extends Error {
  override readonly name = 'ValidatorSetupError';
  readonly code = 'CNS-3001';
}

/**
 * Bytes that a registry gave us as a signature are none. That signature does not count; the others are still looked at.
 */
export class MalformedSignatureError extends Error {
  override readonly name = 'MalformedSignatureError';
  readonly code = 'MALFORMED_SIGNATURE';
}

/** What is wrong with a proof of logging: one word per rule, for tests and for the words of the refusal. */
export type LogFault =
  | 'missing'
  | 'malformed'
  | 'unknown-log'
  | 'entry-kind'
  | 'other-artifact'
  | 'other-signature'
  | 'other-key'
  | 'promise'
  | 'time'
  | 'inclusion'
  | 'checkpoint';

/** The signature carries no proof that a trusted transparency log has it. */
export class LogProofError extends Error {
  override readonly name = 'LogProofError';
  readonly code: LogFault;

  constructor(code: LogFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Why nobody answered: no answer in time, no verifier that takes work, or too many open questions here. */
export type SilenceReason = 'no-answer' | 'no-verifier' | 'full';

/** The bus gave no answer within its share of the budget. The gateway looks itself. */
export class BusSilentError extends Error {
  override readonly name = 'BusSilentError';
  readonly code: SilenceReason;

  constructor(code: SilenceReason, message: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody can be asked now: Redis is unreachable or too old, or the bus is closed. The gateway looks itself. */
export class BusDownError extends Error {
  override readonly name = 'BusDownError';
  readonly code: 'unreachable' | 'closed';

  constructor(code: 'unreachable' | 'closed', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is wrong with an envelope, in the order of the checks. */
export type EnvelopeFault = 'size' | 'shape' | 'authentication' | 'schema';

/** A message is not what somebody with a key wrote. It is dropped and counted; it changes nothing. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code: EnvelopeFault;

  constructor(code: EnvelopeFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

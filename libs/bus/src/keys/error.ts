/** What is wrong with a key file: one word for each rule, so that callers and tests need no text. */
export type BusKeyFault = 'name' | 'size' | 'format' | 'algorithm' | 'mismatch' | 'count' | 'cannot-sign';

/** A key of the bus cannot be used. Names the file and the expectation, never a byte of the key. */
export class BusKeyError extends Error {
  override readonly name = 'BusKeyError';
  readonly code: BusKeyFault;

  constructor(code: BusKeyFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

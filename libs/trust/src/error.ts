/**
 * What is wrong with trust material or a signature's encoding: one word per rule, so that callers and tests need no
 * text.
 */
export type TrustFault = 'base64' | 'hex' | 'pem' | 'pem-label' | 'key-type' | 'key-size' | 'key-encoding';

/** Text that should be a key, a certificate or an encoding is not. The message never holds the text itself. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly code: TrustFault;

  constructor(code: TrustFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

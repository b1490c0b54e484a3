export type CredentialsFault =
  | 'no-file'
  | 'too-large'
  | 'not-json'
  | 'not-yaml'
  | 'wrong-shape'
  | 'bad-key'
  | 'bad-auth'
  | 'empty'
  | 'no-registry';

/** A credentials file cannot be used. Never quotes the file. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code: CredentialsFault;

  constructor(code: CredentialsFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

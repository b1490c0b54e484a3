/** The command was called in a way that cannot work; the message says what to give. Exit code 2. */
export class UsageError extends Error {
  static readonly NAME = 'UsageError';
  override readonly name = UsageError.NAME;
}

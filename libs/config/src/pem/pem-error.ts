/** The text is not the PEM that was asked for. The message never repeats any of it. */
export class PemError extends Error {
  override readonly name = 'PemError';
  readonly code = 'PEM_INVALID';
}

/** The message pattern of a verification request: `@MessagePattern(VERIFY_PATTERN)`. */
export const VERIFY_PATTERN = 'verify';

/** What a handler gets with `@Ctx()` beside the request. */
export class StreamsContext {
  /** Aborts at the request's deadline and when the process is told to leave; pass it on. */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }
}

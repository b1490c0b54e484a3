import { BaseRpcContext } from '@nestjs/microservices';

/** The message pattern of a verification request: `@MessagePattern(VERIFY_PATTERN)`. */
export const VERIFY_PATTERN = 'verify';

/** What a handler gets with `@Ctx()` beside the request. */
export class StreamsContext extends BaseRpcContext<[AbortSignal]> {
  /** Aborts at the request's deadline and when the process is told to leave; pass it on. */
  get signal(): AbortSignal {
    return this.args[0];
  }
}

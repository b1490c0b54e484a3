import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { lastValueFrom, type Observable } from 'rxjs';

import type { VerificationRequest } from '#contracts';

import type { VerifierAnswer } from '../verification/answer.js';
import type { ServerState } from '../verification/observer.js';
import { StreamsContext, VERIFY_PATTERN } from './streams-context.js';
import { StreamsWorker } from './streams-worker.js';
import type { StreamsWorkerOptions, WorkerHealth } from './worker-options.js';

/** What listeners of `on()` hear. A type and not an interface: Nest wants an index signature. */
export type StreamsServerEvents = {
  readonly state: (state: ServerState) => void;
};

/**
 * The verifier's end of the Streams transport, as a Nest microservice: `@MessagePattern(VERIFY_PATTERN)` on a method that
 * takes a `VerificationRequest`, and a `StreamsContext` for its signal, and returns a `VerifierAnswer`.
 */
export class StreamsServer
  extends Server<StreamsServerEvents, ServerState>
  implements CustomTransportStrategy
{
  override readonly transportId = Symbol('connaisseur-streams');
  readonly #options: StreamsWorkerOptions;
  #worker: StreamsWorker | undefined;

  constructor(options: StreamsWorkerOptions) {
    super();
    this.#options = options;
  }

  /** Connects by itself, also where Redis comes later; `callback` is not held up for it. Throws without a handler. */
  listen(callback: (error?: unknown) => void): void {
    if (this.getHandlerByPattern(VERIFY_PATTERN) === null) {
      callback(new TypeError(`expected a handler for the message pattern "${VERIFY_PATTERN}", got none`));
      return;
    }
    const onState = (state: ServerState): void => this._status$.next(state);
    this.#worker = new StreamsWorker(
      this.#options,
      (request, signal) => this.#handle(request, signal),
      onState,
    );
    callback();
  }

  /** Reads no more, finishes what is in flight, then leaves. */
  async close(): Promise<void> {
    await this.#worker?.close();
  }

  /** Undefined until it listens. */
  health(): WorkerHealth | undefined {
    return this.#worker?.health();
  }

  override on<Event extends keyof StreamsServerEvents>(
    event: Event,
    callback: StreamsServerEvents[Event],
  ): void {
    if (event === 'state') this.status.subscribe(callback);
  }

  // Nest's signature: the caller names what it expects.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  override unwrap<T>(): T {
    return this.#worker as T;
  }

  async #handle(request: VerificationRequest, signal: AbortSignal): Promise<VerifierAnswer> {
    const handler = this.getHandlerByPattern(VERIFY_PATTERN);
    if (handler === null)
      throw new TypeError(`expected a handler for the message pattern "${VERIFY_PATTERN}"`);
    const context = new StreamsContext(signal);
    const answer = this.transformToObservable(await handler(request, context));
    // Nest does not know what a handler returns; the verdict in it is checked against its contract before it is signed.
    return await lastValueFrom(answer as Observable<VerifierAnswer>);
  }
}

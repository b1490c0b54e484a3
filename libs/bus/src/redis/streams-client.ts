import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';

import { type VerificationReply, VerificationRequest } from '#contracts';

import { RequestChannel, type RequestChannelOptions } from './request-channel.js';
import { VERIFY_PATTERN } from './streams-context.js';

export interface StreamsClientOptions extends Omit<RequestChannelOptions, 'onReply'> {
  /** An authentic reply that no `send()` waits for. */
  readonly onReply?: (reply: VerificationReply) => void;
}

/** A {@link RequestChannel} as Nest's `ClientProxy`: `send(VERIFY_PATTERN, request)` gives every reply to that request's nonce. */
export class StreamsClient extends ClientProxy {
  readonly #channel: RequestChannel;
  readonly #routes = new Map<string, (packet: WritePacket) => void>();

  constructor(options: StreamsClientOptions) {
    super();
    this.#channel = new RequestChannel({
      ...options,
      onReply: (reply) => {
        const route = this.#routes.get(reply.nonce);
        if (route === undefined) options.onReply?.(reply);
        else route({ response: reply });
      },
    });
  }

  /** Why nothing can be sent now; undefined where it can. */
  get fault(): Error | undefined {
    return this.#channel.fault;
  }

  override connect(): Promise<void> {
    const { fault } = this;
    return fault === undefined ? Promise.resolve() : Promise.reject(fault);
  }

  override close(): void {
    this.#channel.close();
  }

  // Nest's signature: the caller names the type of the connection that it expects.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  override unwrap<T>(): T {
    return this.#channel.redis as T;
  }

  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const parsed = VerificationRequest.safeParse(packet.data);
    if (packet.pattern !== VERIFY_PATTERN || !parsed.success) {
      callback({
        err: new TypeError(`expected the pattern "${VERIFY_PATTERN}" and a verification request`),
        isDisposed: true,
      });
      return () => undefined;
    }
    const { nonce } = parsed.data;
    this.#routes.set(nonce, callback);
    this.#channel.post(parsed.data);
    return () => {
      this.#routes.delete(nonce);
      this.#channel.ended(nonce, false);
    };
  }

  protected override dispatchEvent<T>(): Promise<T> {
    return Promise.reject(new TypeError('expected a question: this transport carries no events'));
  }
}

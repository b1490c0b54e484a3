import type { VerificationReply, VerificationRequest } from '#contracts';

import type { RequestKeys } from '../keys/request-keys.js';
import type { VerdictKeys } from '../keys/signature-keys.js';
import { BusDownError, EnvelopeError } from '../verification/error.js';
import type { BusObserver } from '../verification/observer.js';
import { openReply } from '../verification/reply-envelope.js';
import { sealRequest } from '../verification/request-envelope.js';
import type { RedisConnection } from './create-redis.js';
import { repliesKey } from './names.js';
import { type Connect, RedisLink } from './redis-link.js';
import { ReplyReader } from './reply-reader.js';
import { isReplyError } from './replies.js';
import { RequestWriter } from './request-writer.js';

/** What a gateway needs to ask and to believe the answer. */
export interface GatewayKeys {
  readonly requests: RequestKeys;
  readonly verdicts: VerdictKeys;
}

export interface RequestChannelOptions {
  readonly connect: Connect;
  /** Called for each message, so that a new set takes effect at once. */
  readonly keys: () => GatewayKeys;
  /** Names the reply list; new at each start. */
  readonly gateway: string;
  readonly observer: BusObserver;
  /** Every authentic reply. */
  readonly onReply: (reply: VerificationReply) => void;
  /** Redis refused to take this request. */
  readonly onRefused?: (nonce: string, error: BusDownError) => void;
  readonly onUp?: () => void;
  readonly onDown?: () => void;
}

/** The gateway's end of the Streams transport: requests go out MACed, replies come in only with a verifier's signature. */
export class RequestChannel {
  readonly #options: RequestChannelOptions;
  readonly #link: RedisLink;
  readonly #writer: RequestWriter;
  readonly #reader: ReplyReader;
  /** Entries of the open requests, so that the superseded ones can be taken back. */
  readonly #entries = new Map<string, string[]>();

  constructor(options: RequestChannelOptions) {
    this.#options = options;
    this.#link = new RedisLink({
      connect: options.connect,
      commands: 'prompt',
      observer: options.observer,
      onUp: () => options.onUp?.(),
      onDown: () => options.onDown?.(),
    });
    this.#writer = new RequestWriter(this.#link.commands);
    this.#reader = new ReplyReader({
      redis: this.#link.reader,
      key: repliesKey(options.gateway),
      onReply: (text) => this.#receive(text),
      onError: (error) => options.observer.observe({ kind: 'redis-failed', error }),
    });
  }

  /** Why nothing can be sent now; undefined where it can. */
  get fault(): Error | undefined {
    return this.#link.fault;
  }

  get redis(): RedisConnection {
    return this.#link.commands;
  }

  /** Writes a request; all of one turn of the event loop leave in one write. Never throws: `onRefused` hears of it. */
  post(request: VerificationRequest): void {
    const { nonce } = request;
    if (!this.#entries.has(nonce)) this.#entries.set(nonce, []);
    try {
      this.#writer.add(sealRequest(request, this.#options.keys().requests), (id, error) => {
        if (id !== undefined) this.#entries.get(nonce)?.push(id);
        if (isReplyError(error)) this.#options.onRefused?.(nonce, refusedBy(error));
      });
    } catch (cause) {
      const error = new BusDownError('unreachable', 'there are no keys to ask with', { cause });
      // Later: whoever posts is not ready to hear of it before this call returns.
      queueMicrotask(() => this.#options.onRefused?.(nonce, error));
    }
  }

  /** Nothing more is expected for this nonce. Where it was answered, its other entries are deleted: nobody need work on them. */
  ended(nonce: string, answered: boolean): void {
    const entries = this.#entries.get(nonce) ?? [];
    this.#entries.delete(nonce);
    if (answered && entries.length > 1) this.#writer.delete(entries);
  }

  close(): void {
    this.#reader.stop();
    this.#link.close();
  }

  #receive(text: string): void {
    try {
      this.#options.onReply(openReply(text, this.#options.keys().verdicts));
    } catch (error) {
      const { observer } = this.#options;
      if (error instanceof EnvelopeError)
        observer.observe({ kind: 'forged', message: 'reply', fault: error.code });
      else observer.observe({ kind: 'handler-failed', error });
    }
  }
}

/** Out of memory, read only, no permission: Redis is there and does not take requests. */
function refusedBy(error: Error): BusDownError {
  return new BusDownError('unreachable', `Redis takes no requests: ${error.message.slice(0, 100)}`, {
    cause: error,
  });
}

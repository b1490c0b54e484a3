import { parseJson, readBody } from './bounded-body.js';
import { KubernetesError, reasonOf } from './error.js';
import type { KubernetesWire, WireAnswer, WireRequest } from './wire.js';

/** Request and answer within bytes and time: accepted answers come back, all others are a {@link KubernetesError}. */
export class Exchange {
  readonly maxBytes: number;
  readonly #wire: KubernetesWire;
  readonly #timeoutMs: number;

  constructor(wire: KubernetesWire, maxBytes: number, timeoutMs: number) {
    this.#wire = wire;
    this.maxBytes = maxBytes;
    this.#timeoutMs = timeoutMs;
  }

  /** The JSON of an accepted answer. */
  async call(request: WireRequest, what: string, signal: AbortSignal): Promise<unknown> {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    const answer = await this.send(request, what, bounded);
    try {
      return parseJson(await readBody(answer.body, this.maxBytes), what);
    } finally {
      answer.close();
    }
  }

  /** An accepted answer, unread. A refused identity is read anew and shown once more, because tokens rotate. */
  async send(request: WireRequest, what: string, signal: AbortSignal): Promise<WireAnswer> {
    const first = await this.#wire.send(request, signal);
    if (first.status !== 401) return this.#accepted(first, request, what);
    first.close();
    this.#wire.renewIdentity();
    return this.#accepted(await this.#wire.send(request, signal), request, what);
  }

  close(): void {
    this.#wire.close();
  }

  async #accepted(answer: WireAnswer, { method }: WireRequest, what: string): Promise<WireAnswer> {
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    try {
      const said = statusMessage(await readBody(answer.body, this.maxBytes));
      const message = `${method} ${what}: the API server answered ${status}${said}`;
      throw new KubernetesError(reasonOf(status), message, { status });
    } finally {
      answer.close();
    }
  }
}

/** What a Status object says, on one line and short. It speaks of our request's fields, never of its headers. */
function statusMessage(text: string): string {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,400})/.exec(text)?.[1];
  return message === undefined ? '' : `: ${message.replaceAll(/\\(.)/g, '$1').replaceAll(/\p{Cc}/gu, ' ')}`;
}

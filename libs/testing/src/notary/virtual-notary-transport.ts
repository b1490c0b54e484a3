import type { HttpAnswer, HttpRequest, HttpTransport } from '#registry';

import type { VirtualNotary } from './virtual-notary.js';

/** What to answer in place of a file; `undefined` answers as usual. */
export type NotaryMisbehaviour = (
  name: string,
  request: HttpRequest,
) => Partial<HttpAnswer> | Error | undefined;

/** The HTTP of a notary server without a network. Keeps what was asked for. */
export class VirtualNotaryTransport implements HttpTransport {
  readonly requests: HttpRequest[] = [];
  readonly #notary: VirtualNotary;
  readonly #misbehave: NotaryMisbehaviour;

  constructor(notary: VirtualNotary, misbehave: NotaryMisbehaviour = () => undefined) {
    this.#notary = notary;
    this.#misbehave = misbehave;
  }

  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    this.requests.push(request);
    signal.throwIfAborted();
    const [, collection = '', name = ''] =
      /^\/v2\/(.+)\/_trust\/tuf\/(.+)\.json$/.exec(request.url.pathname) ?? [];
    const usual = { headers: new Map<string, string>(), network: 'loopback' as const };
    const odd = this.#misbehave(name, request);
    if (odd instanceof Error) return Promise.reject(odd);
    if (odd !== undefined) return Promise.resolve({ ...usual, status: 200, body: Buffer.alloc(0), ...odd });
    const body = this.#notary.files.get(`${collection}/${name}`);
    return Promise.resolve({
      ...usual,
      status: body === undefined ? 404 : 200,
      body: body ?? Buffer.alloc(0),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

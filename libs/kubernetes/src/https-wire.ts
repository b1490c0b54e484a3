import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';

import { KubernetesError } from './error.js';
import type { KubernetesWire, WireAnswer, WireRequest } from './wire.js';

/** Where the API server is, and how we say who we are: asked before each request, because tokens and CAs rotate. */
export interface ApiConnection {
  readonly server: URL;
  /** The namespace that we run in, or the context's; `undefined` where neither says. */
  readonly namespace: string | undefined;
  /** TLS options, agent and headers of the next request. */
  requestOptions(): Promise<RequestOptions>;
  /** The last identity was refused. */
  renewIdentity(): void;
  close(): void;
}

/** Requests over `node:https`: TLS and identity are the connection's, redirects are not followed. */
export class HttpsWire implements KubernetesWire {
  readonly #connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  async send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    const identity = await this.#identity();
    const url = new URL(this.#connection.server.href.replace(/\/$/, '') + request.path);
    const headers = {
      ...identity.headers,
      accept: 'application/json',
      'user-agent': 'connaisseur',
      ...(request.body !== undefined && {
        'content-type': request.contentType ?? 'application/json',
        'content-length': Buffer.byteLength(request.body),
      }),
    };
    // Loading node:http as a module costs every service 40 ms, and hardly an API server speaks it.
    const send = url.protocol === 'https:' ? tlsRequest : (await import('node:http')).request;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = send(url, { ...identity, method: request.method, headers, signal });
      outgoing.once('response', resolve).once('error', reject).end(request.body);
    }).catch((error: unknown) => {
      throw unreachable(url, error, signal);
    });
    return {
      status: response.statusCode ?? 0,
      body: readable(response, url, signal),
      close: () => void response.destroy(),
    };
  }

  renewIdentity(): void {
    this.#connection.renewIdentity();
  }

  close(): void {
    this.#connection.close();
  }

  async #identity(): Promise<Omit<RequestOptions, 'headers'> & { readonly headers: Record<string, string> }> {
    try {
      const options = await this.#connection.requestOptions();
      return { ...options, headers: textHeaders(options.headers) };
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      throw new KubernetesError(
        'unauthorized',
        `our own credentials for the API server cannot be read${cause}: see the kubeconfig, or the service account's token`,
      );
    }
  }
}

/** An authenticator may write anything; a header takes text on one line. */
function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).replaceAll(/[\r\n]/g, '')]),
  );
}

async function* readable(
  response: IncomingMessage,
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw unreachable(url, error, signal);
  }
}

/** Names the place and the system's code, never headers: the token is among them. */
function unreachable(url: URL, error: unknown, signal: AbortSignal): KubernetesError {
  if (signal.aborted)
    return new KubernetesError('timeout', `the API server ${url.host} did not answer in time`);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  return new KubernetesError('unreachable', `the API server ${url.host} cannot be reached (${code})`);
}

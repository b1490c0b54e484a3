import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { BodyError, readBody } from './read-body.js';
import { fingerprint, type TlsSource } from './tls-material.js';

/** What the two webhooks and the two probes do; the server knows nothing of admission. */
export interface WebhookHandler {
  /** Answers one AdmissionReview. Never throws for anything in the body. */
  review(body: Uint8Array, call: ReviewCall): Promise<ReviewAnswer>;
  /** True when we can decide: a valid configuration and a listener. */
  isReady(): boolean;
  /** A request to a webhook came in, whatever becomes of it. */
  onRequest(phase: 'mutate' | 'validate'): void;
}

export interface ReviewCall {
  readonly phase: 'mutate' | 'validate';
  /** `?timeout=` of the API server, milliseconds; the default of admissionregistration v1 where it sent none. */
  readonly timeoutMs: number;
}

export interface ReviewAnswer {
  readonly status: number;
  readonly contentType: 'application/json' | 'text/plain; charset=utf-8';
  readonly body: string;
}

/** admissionregistration.k8s.io/v1: `timeoutSeconds` is 10 by default and 30 at most. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 30_000;
/** Go's client keeps idle connections for 90 s; closing before it costs a handshake and risks a lost request. */
const KEEP_ALIVE_MS = 110_000;
const HEADERS_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 5_000;
const TLS_CHECK_MS = 10_000;

/** HTTP/1.1 over TLS ≥ 1.2, certificate reloaded in place: `/mutate`, `/validate`, `/health`, `/ready`. */
export class WebhookServer {
  readonly #server: Server;
  readonly #handler: WebhookHandler;
  readonly #tls: TlsSource;
  readonly #onError: (error: unknown, doing: string) => void;
  #shown: string;
  #closing = false;
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    handler: WebhookHandler;
    tls: TlsSource;
    onError: (error: unknown, doing: string) => void;
  }) {
    this.#handler = options.handler;
    this.#tls = options.tls;
    this.#onError = options.onError;
    const material = options.tls.read();
    this.#shown = fingerprint(material);
    this.#server = createServer(
      {
        ...material,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: MAX_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: 32 * 1024,
        noDelay: true,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Listens; port 0 takes a free one. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => resolve());
    });
    this.#server.on('error', (error) => this.#onError(error, 'serving'));
    this.#timer = setInterval(() => this.reloadTls(), TLS_CHECK_MS).unref();
    return this.#server.address() as AddressInfo;
  }

  /** Shows the certificate of now to new connections; a broken pair keeps the old one. */
  reloadTls(): void {
    try {
      const material = this.#tls.read();
      const name = fingerprint(material);
      if (name === this.#shown) return;
      this.#server.setSecureContext({ ...material, minVersion: 'TLSv1.2' });
      this.#shown = name;
    } catch (error) {
      this.#onError(error, 'reloading the certificate');
    }
  }

  /** Stops accepting, answers what is in flight, then closes what is idle. */
  async close(graceMs = 10_000): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const end = performance.now() + graceMs;
    while (this.#inFlight > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#server.closeIdleConnections();
    setTimeout(() => this.#server.closeAllConnections(), 50).unref();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight += 1;
    try {
      send(response, await this.#answer(request), this.#closing);
    } catch (error) {
      if (!(error instanceof BodyError)) this.#onError(error, 'answering');
      const status = error instanceof BodyError ? error.status : 500;
      // After a refused body the rest of it may still be on the wire: this connection cannot be used again.
      send(response, text(status, error instanceof BodyError ? error.message : 'internal fault'), true);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(request: IncomingMessage): Promise<ReviewAnswer> {
    const [path, query] = split(request.url ?? '/');
    switch (path) {
      case '/mutate':
        return await this.#review(request, 'mutate', query);
      case '/validate':
        return await this.#review(request, 'validate', query);
      case '/health':
        return request.method === 'GET' ? text(200, '') : text(405, 'Method not allowed.');
      case '/ready':
        if (request.method !== 'GET') return text(405, 'Method not allowed.');
        return !this.#closing && this.#handler.isReady() ? text(200, '') : text(503, 'not ready');
      default:
        return text(404, 'not found');
    }
  }

  async #review(
    request: IncomingMessage,
    phase: 'mutate' | 'validate',
    query: string,
  ): Promise<ReviewAnswer> {
    this.#handler.onRequest(phase);
    if (request.method !== 'POST') return text(405, `Method not allowed.: ${request.method ?? ''}`);
    const type = request.headers['content-type'] ?? '';
    if (type !== 'application/json' && !/^application\/json\s*;/.test(type)) {
      return text(400, 'wrong content type: expected application/json');
    }
    const body = await readBody(request);
    return await this.#handler.review(body, { phase, timeoutMs: parseTimeout(query) });
  }
}

/** `timeout=10s` as the API server sends it (Go's duration text); ms. Anything else is the default. */
export function parseTimeout(query: string): number {
  const match = /(?:^|&)timeout=(\d{1,6})(ms|s)(?:&|$)/.exec(query);
  if (match === null) return DEFAULT_TIMEOUT_MS;
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 1);
  return ms === 0 ? DEFAULT_TIMEOUT_MS : Math.min(ms, MAX_TIMEOUT_MS);
}

function split(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function text(status: number, body: string): ReviewAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: body === '' ? '' : `${body}\n` };
}

function send(response: ServerResponse, answer: ReviewAnswer, last: boolean): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType,
    'Content-Length': Buffer.byteLength(answer.body),
    ...(last ? { Connection: 'close' } : {}),
  });
  response.end(answer.body);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { text } from './http-answer.js';
import { BodyError, BodyRoom, withBody } from './read-body.js';
import { MAX_TIMEOUT_MS, parseTimeout, splitTarget } from './request-target.js';
import { fingerprint, type TlsMaterial, type TlsSource } from './tls-material.js';

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
  /** When the request's headers were here, by `performance.now()`: the API server's time runs since before that. */
  readonly receivedAt: number;
}

export interface ReviewAnswer {
  readonly status: number;
  readonly contentType: 'application/json' | 'text/plain; charset=utf-8';
  readonly body: string;
}

/** Go's client keeps idle connections for 90 s; closing before it costs a handshake and risks a lost request. */
const KEEP_ALIVE_MS = 110_000;
const HEADERS_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 5_000;
const TLS_CHECK_MS = 10_000;
/** In-flight reviews may take this long when we stop, ms; with the flush it stays below the 25 s of a stop. */
const GRACE_MS = 18_000;
/** For the last answers to reach the wire, ms. */
const LAST_BYTES_MS = 250;

export interface WebhookServerOptions {
  readonly handler: WebhookHandler;
  readonly tls: TlsSource;
  readonly onError: (error: unknown, doing: string) => void;
  /** The certificate that is shown from now on; called for the first one too. */
  readonly onCertificate?: (material: TlsMaterial) => void;
}

export interface StopOptions {
  /**
   * How long we go on serving, unready and with `Connection: close` on every answer, before we stop listening, ms: API
   * servers keep using their open connections until they are told (Kubernetes issue 127335).
   */
  readonly drainMs?: number;
  readonly graceMs?: number;
}

/** HTTP/1.1 over TLS ≥ 1.2, certificate reloaded in place: `/mutate`, `/validate`, `/health`, `/ready`. */
export class WebhookServer {
  readonly #server: Server;
  readonly #handler: WebhookHandler;
  readonly #tls: TlsSource;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #onCertificate: (material: TlsMaterial) => void;
  readonly #room = new BodyRoom();
  #shown: string;
  #closing = false;
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WebhookServerOptions) {
    this.#handler = options.handler;
    this.#tls = options.tls;
    this.#onError = options.onError;
    this.#onCertificate = options.onCertificate ?? (() => undefined);
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
    this.#onCertificate(material);
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
      this.#onCertificate(material);
    } catch (error) {
      this.#onError(error, 'reloading the certificate');
    }
  }

  /** Unready at once; serves on for `drainMs`; then takes no more connections and answers what is in flight. */
  async close({ drainMs = 0, graceMs = GRACE_MS }: StopOptions = {}): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    if (drainMs > 0) await sleep(drainMs);
    // Also closes the connections that are idle now; each of the others closes after its answer.
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const end = performance.now() + graceMs;
    while (this.#inFlight > 0 && performance.now() < end) await sleep(10);
    this.#server.closeIdleConnections();
    const last = setTimeout(() => this.#server.closeAllConnections(), LAST_BYTES_MS);
    await closed;
    clearTimeout(last);
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
    const [path, query] = splitTarget(request.url ?? '/');
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
    const receivedAt = performance.now();
    this.#handler.onRequest(phase);
    if (request.method !== 'POST') return text(405, `Method not allowed.: ${request.method ?? ''}`);
    const type = request.headers['content-type'] ?? '';
    if (type !== 'application/json' && !/^application\/json\s*;/.test(type)) {
      return text(400, 'wrong content type: expected application/json');
    }
    const call = { phase, timeoutMs: parseTimeout(query), receivedAt };
    return await withBody(request, this.#room, (body) => this.#handler.review(body, call));
  }
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

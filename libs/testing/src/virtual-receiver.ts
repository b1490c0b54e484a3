import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

/** What the receiver does with the next alerts. */
export type ReceiverBehaviour =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Reads the request and says nothing. */
  | { readonly kind: 'hang' }
  /** Reads the request and drops the connection. */
  | { readonly kind: 'close' };

/** One request as it came. */
export interface ReceivedAlert {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What was answered; nothing for a hung or dropped one. */
  readonly status: number | undefined;
  /** Milliseconds since the receiver started. */
  readonly atMs: number;
}

/** Key and certificate in PEM, for a receiver that speaks TLS. */
export interface ReceiverTls {
  readonly key: string;
  readonly cert: string;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** An alert receiver in this process: keeps what it gets, and can be slow, limiting, broken or gone. */
export class VirtualReceiver {
  readonly url: string;
  readonly #server: Server;
  readonly #received: ReceivedAlert[] = [];
  readonly #started = performance.now();
  readonly #waiting = new Set<() => void>();
  #behaviour: ReceiverBehaviour = { kind: 'answer', status: 200, body: 'ok' };

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on('request', ((request, response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) request.destroy();
        else chunks.push(chunk);
      });
      request.on('error', () => undefined);
      request.on('end', () => {
        const behaviour = this.#behaviour;
        this.#received.push({
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          status: behaviour.kind === 'answer' ? behaviour.status : undefined,
          atMs: performance.now() - this.#started,
        });
        if (behaviour.kind === 'answer')
          response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
        if (behaviour.kind === 'close') request.socket.destroy();
        for (const wake of this.#waiting) wake();
      });
    }) satisfies RequestListener);
  }

  /** Listens on a free port of the loopback address. */
  static async start(options: { tls?: ReceiverTls } = {}): Promise<VirtualReceiver> {
    const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('expected a port');
    return new VirtualReceiver(
      server,
      `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    );
  }

  /** From now on. Requests that hang already stay hung. */
  behave(behaviour: ReceiverBehaviour): void {
    this.#behaviour = behaviour;
  }

  get received(): readonly ReceivedAlert[] {
    return this.#received;
  }

  /** What was answered with success. */
  get accepted(): readonly ReceivedAlert[] {
    return this.#received.filter(({ status }) => status !== undefined && status >= 200 && status < 300);
  }

  /** Resolves as soon as the condition holds; rejects after `timeoutMs`. */
  async until(condition: (receiver: VirtualReceiver) => boolean, timeoutMs: number): Promise<void> {
    if (condition(this)) return;
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        if (condition(this)) finish(resolve);
      };
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        settle();
      };
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(new Error(`not within ${timeoutMs} ms; ${this.#received.length} requests came`)),
          ),
        timeoutMs,
      );
      this.#waiting.add(wake);
    });
  }

  /** Drops every connection and stops listening. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}

import { createHash } from 'node:crypto';

import type { Pool } from 'undici';

import type { AddressClass } from './address-class.js';
import { exchange } from './exchange.js';
import type { HttpAnswer, HttpRequest, HttpTransport, RequestReport } from './http-transport.js';
import { TRANSPORT_LIMITS } from './limits.js';
import type { Resolve } from './pinned-connector.js';
import type { OpenPool } from './open-pool.js';
import { TransportError, type TransportReason } from './transport-error.js';

export interface TransportOptions {
  readonly userAgent?: string;
  readonly resolve?: Resolve;
  readonly onRequest?: (report: RequestReport) => void;
  /** Longest time for one request, also when the caller's signal would allow more. Default 30 s. */
  readonly requestMs?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
}

type Network = Exclude<AddressClass, 'forbidden'>;

/** Connections to one origin, with one reach and one set of roots. */
interface Route {
  readonly pool: Pool;
  network: Network | undefined;
}

/**
 * The transport over undici: TLS ≥ 1.2, HTTP/1.1, no redirects, no content codings, no proxy whatever the environment
 * says, addresses judged before and after connecting, bytes and headers bounded, one absolute deadline.
 */
export function createTransport(options: TransportOptions = {}): HttpTransport {
  return new UndiciTransport(options);
}

/** Loads undici, so that the first request does not wait for it; a process that has not asked anybody yet starts without. */
export async function loadHttpClient(): Promise<{ readonly openPool: OpenPool }> {
  return await import('./open-pool.js');
}

class UndiciTransport implements HttpTransport {
  readonly #routes = new Map<string, Route>();
  readonly #resolve: Resolve | undefined;
  readonly #onRequest: (report: RequestReport) => void;
  readonly #clock: () => number;
  readonly #settings: { readonly userAgent: string; readonly requestMs: number };

  constructor(options: TransportOptions) {
    this.#resolve = options.resolve;
    this.#onRequest = options.onRequest ?? (() => undefined);
    this.#clock = options.clock ?? (() => performance.now());
    this.#settings = {
      userAgent: options.userAgent ?? 'connaisseur',
      requestMs: options.requestMs ?? TRANSPORT_LIMITS.requestMs,
    };
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { host } = request.url;
    const started = this.#clock();
    let status: number | TransportReason = 'unreachable';
    try {
      assertSendable(request);
      const { openPool } = await loadHttpClient();
      const route = this.#route(request, openPool);
      const answer = await exchange(route.pool, request, this.#settings, signal);
      status = answer.status;
      // Nothing connected yet cannot have answered; `public` is the class that permits least.
      return { ...answer, network: route.network ?? 'public' };
    } catch (error) {
      if (error instanceof TransportError) status = error.reason;
      throw error;
    } finally {
      this.#onRequest({ host, purpose: request.purpose, status, ms: this.#clock() - started });
    }
  }

  async close(): Promise<void> {
    const routes = [...this.#routes.values()];
    this.#routes.clear();
    await Promise.all(routes.map(({ pool }) => pool.destroy()));
  }

  /** The route of a request; kept in order of last use, the one unused for longest makes room. */
  #route({ url, reach = 'public', ca }: HttpRequest, open: OpenPool): Route {
    const key = JSON.stringify([url.origin, reach, ca === undefined ? '' : fingerprint(ca)]);
    const route = this.#routes.get(key) ?? this.#open(url.origin, { reach, ca }, open);
    this.#routes.delete(key);
    this.#routes.set(key, route);
    if (this.#routes.size > TRANSPORT_LIMITS.originsCount) this.#closeOldest();
    return route;
  }

  #open(
    origin: string,
    { reach, ca }: Required<Pick<HttpRequest, 'reach'>> & { ca: string | undefined },
    open: OpenPool,
  ): Route {
    const route: Route = {
      pool: open(origin, {
        reach,
        ca,
        resolve: this.#resolve,
        onConnected: (is) => {
          route.network = morePublic(route.network, is);
        },
      }),
      network: undefined,
    };
    return route;
  }

  #closeOldest(): void {
    const [key, route] = this.#routes.entries().next().value ?? [];
    if (key === undefined || route === undefined) return;
    this.#routes.delete(key);
    // Requests under way end in peace; an error while closing concerns nobody any more.
    route.pool.close().catch(() => undefined);
  }
}

function assertSendable({ url, insecurePlainHttp = false }: HttpRequest): void {
  const isSecure = url.protocol === 'https:';
  if (!isSecure && url.protocol !== 'http:')
    throw new TransportError('refused-by-policy', url.host, 'SCHEME');
  if (!isSecure && !insecurePlainHttp) throw new TransportError('refused-by-policy', url.host, 'PLAIN_HTTP');
  if (url.username !== '' || url.password !== '')
    throw new TransportError('refused-by-policy', url.host, 'USER_INFO');
}

const ORDER: Readonly<Record<Network, number>> = { public: 0, private: 1, loopback: 2 };

function morePublic(before: Network | undefined, now: Network): Network {
  return before === undefined || ORDER[now] < ORDER[before] ? now : before;
}

function fingerprint(pem: string): string {
  return createHash('sha256').update(pem).digest('base64');
}

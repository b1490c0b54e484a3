import { errorOfAnswer } from './answer-error.js';
import { Authorizer } from './authorizer.js';
import { Credentials } from './credentials.js';
import type { CredentialSource } from './credential-source.js';
import type { HttpTransport } from './http-transport.js';
import { sharesOwner } from './registrable-domain.js';
import { RegistryFetch } from './registry-fetch.js';
import type { Endpoint } from './registry-host.js';

export interface TrustDataClientOptions {
  readonly transport: HttpTransport;
  /** Of the notary server, `https:` or `http:`. An operator named it, so it may be anywhere but at a metadata address. */
  readonly server: URL;
  /** Default: anonymous. */
  readonly credentials?: CredentialSource;
  /** PEM bundle that replaces the system's roots. */
  readonly ca?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 up to 1, for the jitter of pauses. */
  readonly random?: () => number;
}

const COLLECTION = /^[a-z0-9][a-z0-9._:[\]-]*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/;
/** `timestamp`, `3.root`, `targets/releases.<sha256>`: no dot stands alone, nothing is escaped. */
const FILE = /^(?:[0-9]{1,10}\.)?[-a-z0-9_]+(?:\/[-a-z0-9_]+)*(?:\.[0-9a-f]{64})?$/;
/** The token server of Docker's notary server is that of Docker Hub. */
const TOKEN_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['notary.docker.io', ['auth.docker.io']],
]);

/** Reads files of a notary server, authorised as registries are: with a token for `pull` of the collection. Throws RegistryError. */
export class TrustDataClient {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  readonly #fetch: RegistryFetch;
  readonly #endpoint: Endpoint;
  readonly #base: string;
  readonly #now: () => number;

  /** Throws TypeError for a server that is none. */
  constructor(options: TrustDataClientOptions) {
    const {
      transport,
      server,
      credentials = Credentials.none,
      now = Date.now,
      random = Math.random,
    } = options;
    if (server.protocol !== 'https:' && server.protocol !== 'http:') {
      throw new TypeError('expected a notary server with http or https');
    }
    this.origin = server.origin;
    const retry = { now, random };
    this.#fetch = new RegistryFetch(transport, new Authorizer({ ...retry, credentials }), retry);
    this.#endpoint = endpointOf(server, options.ca);
    this.#base = server.pathname.replace(/\/+$/, '');
    this.#now = now;
  }

  /** The bytes served, at most `maxBytes`; `undefined` where the server says that it has no such file. */
  async file(
    collection: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    if (!COLLECTION.test(collection) || !FILE.test(name))
      throw new TypeError('expected a collection and a file of it');
    const what = `trust data (${name.replace(/\.[0-9a-f]{64}$/, '')}) of ${collection}`;
    const answer = await this.#fetch.get(
      {
        repository: { endpoint: this.#endpoint, path: collection },
        url: new URL(`${this.#base}/v2/${collection}/_trust/tuf/${name}.json`, this.#endpoint.origin),
        accept: 'application/json',
        maxBytes,
        purpose: 'trust-data',
        redirects: 'listed',
        what,
      },
      signal,
    );
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return answer.body;
    throw errorOfAnswer(answer, this.#endpoint.host, what, this.#now);
  }
}

function endpointOf(server: URL, ca: string | undefined): Endpoint {
  const origin = new URL(server.origin);
  return {
    host: origin.host,
    origin,
    reach: 'loopback',
    insecurePlainHttp: origin.protocol === 'http:',
    tokenHosts: TOKEN_HOSTS.get(origin.host) ?? [],
    manifestHosts: [],
    caFor: (url) => (sharesOwner(url, origin) ? ca : undefined),
  };
}

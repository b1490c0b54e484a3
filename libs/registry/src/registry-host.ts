import { isLoopbackHost, type Reach } from './address-class.js';
import { RegistryError } from './error.js';
import { sharesOwner } from './registrable-domain.js';

/** How one registry is reached, where the defaults do not fit; `application.registries` of the configuration. */
export interface RegistrySettings {
  /** Host with port, as in an image's name. */
  readonly host: string;
  /** `http` instead of `https`. */
  readonly insecurePlainHttp?: boolean | undefined;
  /** PEM bundle that replaces the system's roots for this host. */
  readonly cert?: string | undefined;
  /** More hosts whose token servers may see this registry's credentials. */
  readonly tokenHosts?: readonly string[] | undefined;
  /** More hosts to which this registry may redirect manifests. */
  readonly manifestHosts?: readonly string[] | undefined;
}

/** Where the requests for one registry go, and how near, how protected. */
export interface Endpoint {
  /** Canonical host, as in the image's name. */
  readonly host: string;
  readonly origin: URL;
  readonly reach: Reach;
  readonly insecurePlainHttp: boolean;
  readonly tokenHosts: readonly string[];
  readonly manifestHosts: readonly string[];
  /** The roots for a URL that this registry sent us to, its own included; `undefined` is the system's. */
  readonly caFor: (url: URL) => string | undefined;
}

/** A repository on its endpoint. */
export interface Repository {
  readonly endpoint: Endpoint;
  readonly path: string;
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);
const API_HOSTS: ReadonlyMap<string, string> = new Map([[DOCKER_HUB, 'registry-1.docker.io']]);
const TOKEN_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([[DOCKER_HUB, ['auth.docker.io']]]);
/** A leading dot or dash stands for any label before it. The community's registry answers every manifest from there. */
const MANIFEST_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['registry.k8s.io', ['-docker.pkg.dev']],
]);

const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;

/** Lower case, without `:443`, one name for Docker Hub; throws TypeError for what is no host. */
export function canonicalHost(text: string): string {
  const host = text.toLowerCase().replace(/:443$/, '');
  if (!HOST.test(host)) throw new TypeError('expected a registry host with an optional port');
  return DOCKER_HUB_NAMES.has(host) ? DOCKER_HUB : host;
}

/** The endpoints of all registries, from their settings and a validator's own CA bundle. */
export class RegistryHosts {
  readonly #settings: ReadonlyMap<string, RegistrySettings>;
  readonly #namedHosts: ReadonlySet<string>;
  readonly #ca: string | undefined;

  constructor({
    registries = [],
    namedHosts,
    ca,
  }: {
    readonly registries?: readonly RegistrySettings[];
    /** Canonical hosts that the policy names without a wildcard. */
    readonly namedHosts?: ReadonlySet<string> | undefined;
    readonly ca?: string | undefined;
  }) {
    this.#settings = new Map(registries.map((entry) => [canonicalHost(entry.host), entry]));
    this.#namedHosts = namedHosts ?? new Set();
    this.#ca = ca;
  }

  /** Throws RegistryError for a host that a URL reads as another one. */
  endpoint(imageHost: string): Endpoint {
    const host = canonicalHost(imageHost);
    const apiHost = API_HOSTS.get(host) ?? host;
    const settings = this.#settings.get(host);
    const insecurePlainHttp = this.#isPlainHttp(settings, apiHost);
    const origin = originOf(insecurePlainHttp ? 'http' : 'https', apiHost, host);
    const ca = settings?.cert ?? this.#ca;
    return {
      host,
      origin,
      reach: this.#reachOf(host, origin),
      insecurePlainHttp,
      tokenHosts: [...(TOKEN_HOSTS.get(host) ?? []), ...(settings?.tokenHosts ?? [])],
      manifestHosts: [...(MANIFEST_HOSTS.get(host) ?? []), ...(settings?.manifestHosts ?? [])],
      caFor: (url) => this.#settings.get(url.host)?.cert ?? (sharesOwner(url, origin) ? ca : undefined),
    };
  }

  /**
   * Who writes an image's name chooses its host, and a pattern with a wildcard governs any: what an operator has not named
   * must not lead to the machine that we run on. A name of a pattern leads there only where it says so itself.
   */
  #reachOf(host: string, { hostname }: URL): Reach {
    const isNamed = this.#namedHosts.has(host) && isLoopbackHost(hostname);
    return this.#settings.has(host) || isNamed ? 'loopback' : 'private';
  }

  /** Loopback hosts speak `http`, as for the container runtimes, unless something is configured for them. */
  #isPlainHttp(settings: RegistrySettings | undefined, apiHost: string): boolean {
    if (settings !== undefined) return settings.insecurePlainHttp === true;
    return this.#ca === undefined && isLoopbackHost(apiHost.replace(/:[0-9]+$/, ''));
  }
}

/** True if the host is in the list; an entry that starts with a dot or dash matches any label before it. */
export function isListedHost(host: string, list: readonly string[]): boolean {
  return list.some((entry) => {
    if (!entry.startsWith('.') && !entry.startsWith('-')) return entry === host;
    return host.endsWith(entry) && /^[a-z0-9-]+$/.test(host.slice(0, -entry.length));
  });
}

function originOf(scheme: 'http' | 'https', apiHost: string, host: string): URL {
  const text = `${scheme}://${apiHost}`;
  const origin = URL.canParse(text) ? new URL(text) : undefined;
  // `0x7f.1` is 127.0.0.1 for a URL: such a name is refused instead of being judged twice.
  const hostname = apiHost.replace(/:[0-9]+$/, '');
  if (origin === undefined || origin.hostname !== hostname) {
    throw new RegistryError('refused-by-policy', host, 'expected a host name, got an address in disguise');
  }
  return origin;
}

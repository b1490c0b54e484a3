import { Credential, type CredentialSource, type RepositoryPlace, untilAborted } from '#registry';

import { type CloudRegistry, cloudRegistry } from './cloud-registry.js';
import type { CloudToken, TokenProvider } from './cloud-token.js';

/** One for each provider; each is asked about its own registries only. */
export type TokenProviders = {
  readonly [P in CloudRegistry['provider']]: TokenProvider<Extract<CloudRegistry, { provider: P }>>;
};

export interface KeychainOptions {
  readonly providers: TokenProviders;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long a provider may take, for everybody who waits, ms. */
  readonly fetchMs?: number;
}

const FETCH_MS = 5_000;
/** A token is renewed this long before its end, or at four fifths of its life, whichever is later, ms. */
const RENEW_BEFORE_MS = 300_000;
/** However long a token lasts: a right that was taken away is noticed by then, ms. */
const MAX_LIFE_MS = 3_600_000;
/** A provider that gave nothing is left alone for this long; meanwhile the registry is asked without credentials, ms. */
const REST_MS = 60_000;
const MAX_KEPT = 256;
const MAX_FLIGHTS = 32;
const NAMES = { aws: 'AWS', google: 'Google', azure: 'Azure' } as const;

/** What is known of a token: the token, or why there is none. */
interface Known {
  readonly token: CloudToken | undefined;
  readonly why: string | undefined;
  readonly until: number;
}

/**
 * The credentials that the environment gives for registries of AWS, Google and Azure: by exact host, cached until shortly
 * before they end, fetched once for all who wait. An environment without an identity means anonymous.
 */
export class Keychain implements CredentialSource {
  readonly scopeId = 'keychain';
  readonly #options: KeychainOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #flights = new Map<string, Promise<Known>>();

  constructor(options: KeychainOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  covers({ host }: RepositoryPlace): boolean {
    return cloudRegistry(host) !== undefined;
  }

  find(
    { host }: RepositoryPlace,
    signal: AbortSignal,
  ): Credential | undefined | Promise<Credential | undefined> {
    const registry = cloudRegistry(host);
    if (registry === undefined) return undefined;
    const { key, fetch } = this.#request(registry);
    const known = this.#current(key);
    if (known !== undefined) return credentialFor(host, known.token);
    const flight = this.#flights.get(key) ?? this.#fly(key, NAMES[registry.provider], fetch);
    return untilAborted(flight, signal).then(({ token }) => credentialFor(host, token));
  }

  whyNone({ host }: RepositoryPlace): string | undefined {
    const registry = cloudRegistry(host);
    return registry === undefined ? undefined : this.#current(this.#request(registry).key)?.why;
  }

  #request(registry: CloudRegistry): { key: string; fetch: (signal: AbortSignal) => Promise<CloudToken> } {
    const { aws, google, azure } = this.#options.providers;
    switch (registry.provider) {
      case 'aws':
        return { key: aws.keyOf(registry), fetch: (signal) => aws.token(registry, signal) };
      case 'google':
        return { key: google.keyOf(registry), fetch: (signal) => google.token(registry, signal) };
      case 'azure':
        return { key: azure.keyOf(registry), fetch: (signal) => azure.token(registry, signal) };
    }
  }

  #current(key: string): Known | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.until > this.#now() ? known : undefined;
  }

  #fly(key: string, name: string, fetch: (signal: AbortSignal) => Promise<CloudToken>): Promise<Known> {
    // G: whoever may create Pods chooses hosts, and each Azure registry is a request of its own.
    if (this.#flights.size >= MAX_FLIGHTS) {
      return Promise.resolve({ token: undefined, why: undefined, until: 0 });
    }
    const flight = this.#fetch(name, fetch)
      .then((known) => this.#keep(key, known))
      .finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** Never rejects: what a provider throws may hold anything, so only its name goes on. */
  async #fetch(name: string, fetch: (signal: AbortSignal) => Promise<CloudToken>): Promise<Known> {
    const asked = this.#now();
    const signal = AbortSignal.timeout(this.#options.fetchMs ?? FETCH_MS);
    try {
      const token = await untilAborted(fetch(signal), signal);
      const lifeMs = Math.min(token.expiresAt - asked, MAX_LIFE_MS);
      return { token, why: undefined, until: asked + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs * 0.8) };
    } catch (error) {
      const why = `the keychain got no token from ${name} (${nameOf(error)})`;
      return { token: undefined, why, until: this.#now() + REST_MS };
    }
  }

  #keep(key: string, known: Known): Known {
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KEPT && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}

/** The token of a region or of all of Google, as a credential of exactly this host. */
function credentialFor(host: string, token: CloudToken | undefined): Credential | undefined {
  if (token === undefined) return undefined;
  const { username, password } = token;
  return new Credential({ scope: `keychain ${host}`, username, password });
}

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^[A-Za-z]{1,64}$/.test(name) ? name : 'Error';
}

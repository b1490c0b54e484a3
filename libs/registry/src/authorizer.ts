import { waitFor } from './abortable.js';
import { errorOfAnswer, toRegistryError } from './answer-error.js';
import { parseChallenges } from './challenge.js';
import type { Credential } from './credential.js';
import type { Credentials } from './credentials.js';
import { RegistryError } from './error.js';
import type { HttpAnswer, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { judgeRealm, type Realm } from './realm.js';
import type { Endpoint } from './registry-host.js';
import { type RetryOptions, withRetries } from './retry.js';
import { parseTokenAnswer, type TokenAnswer } from './token-answer.js';
import { TokenStore } from './token-store.js';

/** How a registry wants requests to be authorised. */
type Scheme =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: Realm; readonly service: string | undefined };

/** A repository on its endpoint. */
export interface Repository {
  readonly endpoint: Endpoint;
  readonly path: string;
}

export interface AuthorizerOptions extends RetryOptions {
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
}

/**
 * Finds the `Authorization` of a request. Remembers how each registry challenged, so that only its first request pays for
 * that; the scope is always our own, `pull` of one repository, whatever a challenge names.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens: TokenStore;
  readonly #schemes = new Map<string, Scheme>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#tokens = new TokenStore(options.now);
  }

  /** What to send at first: nothing, as long as the registry has not asked for anything. */
  async known(repository: Repository, signal: AbortSignal): Promise<string | undefined> {
    const credential = this.#credential(repository);
    const scheme = this.#schemes.get(schemeKey(repository, credential));
    return scheme === undefined ? undefined : this.#authorization(scheme, repository, credential, signal);
  }

  /** What to send after a 401 to `sent`; throws RegistryError where there is nothing that could help. */
  async afterChallenge(
    repository: Repository,
    { answer, sent }: { readonly answer: HttpAnswer; readonly sent: string | undefined },
    signal: AbortSignal,
  ): Promise<string> {
    const credential = this.#credential(repository);
    const scheme = readScheme(answer, repository.endpoint);
    if (sent !== undefined) this.#tokens.drop(tokenKey(repository, credential), sent.replace(/^Bearer /, ''));
    this.#remember(schemeKey(repository, credential), scheme);
    const authorization = await this.#authorization(scheme, repository, credential, signal);
    if (authorization === undefined || authorization === sent) throw noAccess(repository, credential);
    return authorization;
  }

  #credential({ endpoint, path }: Repository): Credential | undefined {
    return this.#options.credentials.find({ host: endpoint.host, path });
  }

  #remember(key: string, scheme: Scheme): void {
    this.#schemes.delete(key);
    this.#schemes.set(key, scheme);
    const [oldest] = this.#schemes.keys();
    if (this.#schemes.size > REGISTRY_LIMITS.tokensCount && oldest !== undefined)
      this.#schemes.delete(oldest);
  }

  async #authorization(
    scheme: Scheme,
    repository: Repository,
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (scheme.kind === 'basic') return credential?.authorization();
    const flight = this.#tokens.get(tokenKey(repository, credential), () =>
      this.#fetchToken(scheme, repository, credential),
    );
    return `Bearer ${await this.#waitFor(flight, repository, signal)}`;
  }

  /** A token fetch has its own time: it must not end with the first of several callers. */
  async #fetchToken(
    { realm, service }: Extract<Scheme, { kind: 'bearer' }>,
    { endpoint, path }: Repository,
    credential: Credential | undefined,
  ): Promise<TokenAnswer> {
    if (credential !== undefined && !realm.mayCarryCredentials) throw foreignRealm(endpoint);
    const url = new URL(realm.url);
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', scopeOf(path));
    const signal = AbortSignal.timeout(REGISTRY_LIMITS.tokenFetchMs);
    const ca = endpoint.caFor(url);
    const send = (): Promise<HttpAnswer> =>
      this.#options.transport.request(
        {
          method: 'GET',
          url,
          headers: { accept: 'application/json', ...authorizationHeader(credential?.authorization()) },
          maxBytes: REGISTRY_LIMITS.tokenAnswerBytes,
          purpose: 'token',
          reach: realm.reach,
          insecurePlainHttp: endpoint.insecurePlainHttp,
          ...(ca === undefined ? {} : { ca }),
        },
        signal,
      );
    try {
      const answer = await withRetries(send, this.#options, signal);
      if (answer.status !== 200) throw errorOfToken(answer, endpoint.host, path, this.#options.now);
      return parseTokenAnswer(answer.body, endpoint.host);
    } catch (error) {
      throw toRegistryError(error, endpoint.host, `asked for a token for ${path}`);
    }
  }

  async #waitFor(
    flight: Promise<string>,
    { endpoint, path }: Repository,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return await waitFor(flight, signal);
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      throw new RegistryError('timed-out', endpoint.host, `gave no token for ${path} in time`, {
        cause: error,
      });
    }
  }
}

/** A header only where there is something to send. */
export function authorizationHeader(authorization: string | undefined): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { authorization };
}

function readScheme(answer: HttpAnswer, endpoint: Endpoint): Scheme {
  const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
  const bearer = challenges?.find(({ scheme }) => scheme === 'bearer');
  const realm = bearer?.parameters.get('realm');
  if (bearer !== undefined && realm !== undefined) {
    return {
      kind: 'bearer',
      realm: judgeRealm(realm, endpoint, answer.network),
      service: bearer.parameters.get('service'),
    };
  }
  if (challenges?.some(({ scheme }) => scheme === 'basic') === true) return { kind: 'basic' };
  throw new RegistryError(
    'unauthorized',
    endpoint.host,
    'expected a Basic or Bearer challenge, got none that can be used',
  );
}

function scopeOf(path: string): string {
  return `repository:${path}:pull`;
}

function schemeKey({ endpoint }: Repository, credential: Credential | undefined): string {
  return JSON.stringify([endpoint.host, credential?.id ?? null]);
}

function tokenKey({ endpoint, path }: Repository, credential: Credential | undefined): string {
  return JSON.stringify([endpoint.host, scopeOf(path), credential?.id ?? null]);
}

/** A token server that knows nothing says nothing about the image: its 404 must not become `not-found`. */
function errorOfToken(answer: HttpAnswer, host: string, path: string, now: () => number): RegistryError {
  if (answer.status !== 404) return errorOfAnswer(answer, host, `a token for ${path}`, now);
  return new RegistryError('unauthorized', host, `has no token for ${path} (HTTP 404)`);
}

function noAccess({ endpoint, path }: Repository, credential: Credential | undefined): RegistryError {
  const held =
    credential === undefined ? 'we have no credentials for it' : 'it does not accept our credentials';
  return new RegistryError('unauthorized', endpoint.host, `wants authentication for ${path}; ${held}`);
}

function foreignRealm(endpoint: Endpoint): RegistryError {
  const message =
    'wants our credentials to be sent to a host that is not its own: list it in tokenHosts if it is trusted';
  return new RegistryError('refused-by-policy', endpoint.host, message);
}

import { untilAborted } from './until-aborted.js';
import { type AuthScheme, readScheme } from './auth-scheme.js';
import type { Credential } from './credential.js';
import type { CredentialSource } from './credential-source.js';
import { RegistryError } from './error.js';
import { fetchToken, scopeOf, type TokenRequest } from './fetch-token.js';
import type { HttpAnswer, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import type { Repository } from './registry-host.js';
import type { RetryOptions } from './retry.js';
import { TokenStore } from './token-store.js';
import { BudgetSpentError } from './verification-budget.js';

export interface AuthorizerOptions extends RetryOptions {
  readonly credentials: CredentialSource;
}

interface Access {
  readonly scheme: AuthScheme;
  readonly repository: Repository;
  readonly credential: Credential | undefined;
}

/**
 * Finds the `Authorization` of a request. Remembers how each registry challenged, so that only its first request pays for
 * that; the scope is always our own, `pull` of one repository, whatever a challenge names.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens: TokenStore;
  readonly #schemes = new Map<string, AuthScheme>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#tokens = new TokenStore(options.now);
  }

  /** What to send at first: nothing, as long as the registry has not asked for anything. */
  async known(
    repository: Repository,
    transport: HttpTransport,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const credential = await this.#credential(repository, signal);
    const key = schemeKey(repository, credential);
    const scheme = this.#schemes.get(key);
    if (scheme === undefined) return undefined;
    try {
      return await this.#authorization({ scheme, repository, credential }, transport, signal);
    } catch (error) {
      // The token server may have moved: the next request asks the registry again.
      if (this.#schemes.get(key) === scheme) this.#schemes.delete(key);
      throw error;
    }
  }

  /** What to send after a 401 to `sent`; throws RegistryError where there is nothing that could help. */
  async afterChallenge(
    repository: Repository,
    { answer, sent }: { readonly answer: HttpAnswer; readonly sent: string | undefined },
    transport: HttpTransport,
    signal: AbortSignal,
  ): Promise<string> {
    const credential = await this.#credential(repository, signal);
    const scheme = readScheme(answer, repository.endpoint);
    if (sent !== undefined) {
      this.#tokens.drop(tokenKey(repository, credential), sent.replace(/^Bearer /, ''));
    }
    this.#remember(schemeKey(repository, credential), scheme);
    const authorization = await this.#authorization({ scheme, repository, credential }, transport, signal);
    if (authorization === undefined || authorization === sent) throw this.#noAccess(repository, credential);
    return authorization;
  }

  async #credential({ endpoint, path }: Repository, signal: AbortSignal): Promise<Credential | undefined> {
    const { credentials } = this.#options;
    const found = credentials.find({ host: endpoint.host, path }, signal);
    if (!(found instanceof Promise)) return found;
    try {
      return await found;
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new RegistryError('timed-out', endpoint.host, `no credentials for ${path} in time`, {
        cause: error,
      });
    }
  }

  #noAccess({ endpoint, path }: Repository, credential: Credential | undefined): RegistryError {
    const why = this.#options.credentials.whyNone?.({ host: endpoint.host, path });
    const none =
      why === undefined ? 'we have no credentials for it' : `we have no credentials for it: ${why}`;
    const held = credential === undefined ? none : 'it does not accept our credentials';
    return new RegistryError('unauthorized', endpoint.host, `wants authentication for ${path}; ${held}`);
  }

  #remember(key: string, scheme: AuthScheme): void {
    this.#schemes.delete(key);
    this.#schemes.set(key, scheme);
    const [oldest] = this.#schemes.keys();
    if (this.#schemes.size > REGISTRY_LIMITS.tokensCount && oldest !== undefined)
      this.#schemes.delete(oldest);
  }

  /** Who is the first to need a token pays for it; the others wait for the same one. */
  async #authorization(
    request: Access,
    transport: HttpTransport,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { scheme, repository, credential } = request;
    if (scheme.kind === 'basic') return credential?.authorization();
    try {
      return `Bearer ${await this.#token({ scheme, repository, credential }, transport, signal)}`;
    } catch (error) {
      if (error instanceof RegistryError || !signal.aborted) throw error;
      const { endpoint, path } = repository;
      throw new RegistryError('timed-out', endpoint.host, `gave no token for ${path} in time`, {
        cause: error,
      });
    }
  }

  /** That the payer has spent its budget says nothing about those who waited: one of them pays next. */
  async #token(request: TokenRequest, transport: HttpTransport, signal: AbortSignal): Promise<string> {
    const { now, random } = this.#options;
    for (;;) {
      let isOwn = false;
      const flight = this.#tokens.get(tokenKey(request.repository, request.credential), () => {
        isOwn = true;
        return fetchToken(request, { transport, now, random });
      });
      try {
        return await untilAborted(flight, signal);
      } catch (error) {
        if (isOwn || !isBudgetSpent(error)) throw error;
      }
    }
  }
}

function isBudgetSpent(error: unknown): boolean {
  return error instanceof RegistryError && error.cause instanceof BudgetSpentError;
}

function schemeKey({ endpoint }: Repository, credential: Credential | undefined): string {
  return JSON.stringify([endpoint.host, credential?.id ?? null]);
}

function tokenKey({ endpoint, path }: Repository, credential: Credential | undefined): string {
  return JSON.stringify([endpoint.host, scopeOf(path), credential?.id ?? null]);
}

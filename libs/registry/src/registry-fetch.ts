import { toRegistryError } from './answer-error.js';
import type { Authorizer } from './authorizer.js';
import { RegistryError } from './error.js';
import { authorizationHeader } from './fetch-token.js';
import type { HttpAnswer, HttpRequest, HttpTransport, Purpose } from './http-transport.js';
import { REGISTRY_LIMITS, type RegistryLimit } from './limits.js';
import { firstHop, type Hop, nextHop, type RedirectRule } from './redirect.js';
import type { Repository } from './registry-host.js';
import { type RetryOptions, withRetries } from './retry.js';
import { BudgetedTransport, type VerificationBudget } from './verification-budget.js';

/** One GET of the distribution API. */
export interface RegistryRequest {
  readonly repository: Repository;
  readonly url: URL;
  readonly accept: string;
  readonly maxBytes: number;
  /** The name of that bound, where it is one of ours. */
  readonly limit?: RegistryLimit;
  readonly purpose: Purpose;
  readonly redirects: RedirectRule;
  /** For messages, in our own or the user's words. */
  readonly what: string;
}

/** Sends GETs to registries: authorised, repeated where that helps, redirected where that is allowed. */
export class RegistryFetch {
  readonly #transport: HttpTransport;
  readonly #authorizer: Authorizer;
  readonly #retry: RetryOptions;

  constructor(transport: HttpTransport, authorizer: Authorizer, retry: RetryOptions) {
    this.#transport = transport;
    this.#authorizer = authorizer;
    this.#retry = retry;
  }

  /** The same, with the same tokens, paid for from a budget. */
  within(budget: VerificationBudget): RegistryFetch {
    return new RegistryFetch(new BudgetedTransport(this.#transport, budget), this.#authorizer, this.#retry);
  }

  /** The answer, whatever its status; throws RegistryError where there is none or it must not be followed. */
  async get(request: RegistryRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { endpoint } = request.repository;
    try {
      const answer = await this.#authorised(request, signal);
      return await this.#redirected(request, answer, signal);
    } catch (error) {
      throw toRegistryError(error, endpoint.host, `asked for ${request.what}`, request.limit);
    }
  }

  /** At most two requests to the registry itself: as we know it, and once more after a challenge. */
  async #authorised(request: RegistryRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { repository } = request;
    const hop = firstHop(request.url, repository.endpoint);
    const sent = await this.#authorizer.known(repository, this.#transport, signal);
    const answer = await this.#send(request, hop, sent, signal);
    if (answer.status !== 401) return answer;
    const authorization = await this.#authorizer.afterChallenge(
      repository,
      { answer, sent },
      this.#transport,
      signal,
    );
    return this.#send(request, hop, authorization, signal);
  }

  async #redirected(request: RegistryRequest, first: HttpAnswer, signal: AbortSignal): Promise<HttpAnswer> {
    const { repository, redirects } = request;
    const from = { endpoint: repository.endpoint, network: first.network };
    let answer = first;
    let { url } = request;
    for (let count = 0; ; count += 1) {
      const hop = nextHop(answer, url, redirects, from);
      if (hop === undefined) return answer;
      if (count === REGISTRY_LIMITS.redirectsCount) throw tooManyRedirects(request);
      // Credentials are for the registry's own origin; another one gets none of its headers.
      const authorization = hop.isOwnOrigin
        ? await this.#authorizer.known(repository, this.#transport, signal)
        : undefined;
      answer = await this.#send(request, hop, authorization, signal);
      url = hop.url;
    }
  }

  #send(
    { repository: { endpoint }, accept, maxBytes, purpose }: RegistryRequest,
    { url, reach }: Hop,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const ca = endpoint.caFor(url);
    const request: HttpRequest = {
      method: 'GET',
      url,
      headers: { accept, ...authorizationHeader(authorization) },
      maxBytes,
      purpose,
      reach,
      insecurePlainHttp: endpoint.insecurePlainHttp,
      ...(ca === undefined ? {} : { ca }),
    };
    return withRetries(() => this.#transport.request(request, signal), this.#retry, signal);
  }
}

function tooManyRedirects({ repository, what }: RegistryRequest): RegistryError {
  const message = `expected at most ${REGISTRY_LIMITS.redirectsCount} redirects for ${what}`;
  return new RegistryError('refused-by-policy', repository.endpoint.host, message, {
    limit: 'redirectsCount',
  });
}

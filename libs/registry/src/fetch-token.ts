import { errorOfAnswer, toRegistryError } from './answer-error.js';
import type { BearerScheme } from './auth-scheme.js';
import type { Credential } from './credential.js';
import { RegistryError } from './error.js';
import type { HttpAnswer, HttpRequest, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import type { Realm } from './realm.js';
import type { Endpoint, Repository } from './registry-host.js';
import { type RetryOptions, withRetries } from './retry.js';
import { parseTokenAnswer, type TokenAnswer } from './token-answer.js';

export interface TokenRequest {
  readonly scheme: BearerScheme;
  readonly repository: Repository;
  readonly credential: Credential | undefined;
}

/**
 * Asks a token server for `pull` of one repository; distribution's token specification. It has its own time: a fetch that
 * several wait for must not end with the first of them. Throws RegistryError.
 */
export async function fetchToken(
  { scheme: { realm, service }, repository: { endpoint, path }, credential }: TokenRequest,
  { transport, ...retry }: RetryOptions & { readonly transport: HttpTransport },
): Promise<TokenAnswer> {
  if (credential !== undefined && !realm.mayCarryCredentials) throw foreignRealm(endpoint);
  const url = new URL(realm.url);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scopeOf(path));
  const request = tokenRequest(url, realm, endpoint, credential);
  const signal = AbortSignal.timeout(REGISTRY_LIMITS.tokenFetchMs);
  try {
    const answer = await withRetries(() => transport.request(request, signal), retry, signal);
    if (answer.status !== 200) throw errorOfToken(answer, endpoint.host, path, retry.now);
    return parseTokenAnswer(answer.body, endpoint.host);
  } catch (error) {
    throw toRegistryError(error, endpoint.host, `asked for a token for ${path}`);
  }
}

/** What we ask for, whatever a challenge names. */
export function scopeOf(path: string): string {
  return `repository:${path}:pull`;
}

/** A header only where there is something to send. */
export function authorizationHeader(authorization: string | undefined): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { authorization };
}

function tokenRequest(
  url: URL,
  realm: Realm,
  endpoint: Endpoint,
  credential: Credential | undefined,
): HttpRequest {
  const ca = endpoint.caFor(url);
  return {
    method: 'GET',
    url,
    headers: { accept: 'application/json', ...authorizationHeader(credential?.authorization()) },
    maxBytes: REGISTRY_LIMITS.tokenAnswerBytes,
    purpose: 'token',
    reach: realm.reach,
    insecurePlainHttp: endpoint.insecurePlainHttp,
    ...(ca === undefined ? {} : { ca }),
  };
}

/** A token server that knows nothing says nothing about the image: its 404 must not become `not-found`. */
function errorOfToken(answer: HttpAnswer, host: string, path: string, now: () => number): RegistryError {
  if (answer.status !== 404) return errorOfAnswer(answer, host, `a token for ${path}`, now);
  return new RegistryError('unauthorized', host, `has no token for ${path} (HTTP 404)`);
}

function foreignRealm(endpoint: Endpoint): RegistryError {
  const message =
    'wants our credentials to be sent to a host that is not its own; list it in tokenHosts if it is trusted';
  return new RegistryError('refused-by-policy', endpoint.host, message);
}

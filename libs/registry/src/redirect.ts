import type { Reach } from './address-class.js';
import { RegistryError } from './error.js';
import type { HttpAnswer } from './http-transport.js';
import { type Endpoint, isListedHost } from './registry-host.js';

/** Which redirects a request follows: none, those of its registry or its list, or any to a host within reach. */
export type RedirectRule = 'none' | 'listed' | 'any';

/** Where a request goes next. */
export interface Hop {
  readonly url: URL;
  readonly reach: Reach;
  /** Credentials, and whatever else is for the registry only, go along. */
  readonly isOwnOrigin: boolean;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The request to the registry itself, before any redirect. */
export function firstHop(url: URL, endpoint: Endpoint): Hop {
  return { url, reach: endpoint.reach, isOwnOrigin: true };
}

/**
 * The next hop that an answer asks for, `undefined` where it is not to be followed. Never from https to http; never nearer
 * than `network`, the class of the registry itself. Throws RegistryError (refused-by-policy).
 */
export function nextHop(
  answer: HttpAnswer,
  from: URL,
  rule: RedirectRule,
  { endpoint, network }: { readonly endpoint: Endpoint; readonly network: HttpAnswer['network'] },
): Hop | undefined {
  if (rule === 'none' || !REDIRECTS.has(answer.status)) return undefined;
  const url = targetOf(answer, from, endpoint);
  const isOwnOrigin = url.origin === endpoint.origin.origin;
  if (!isOwnOrigin && rule === 'listed' && !isListedHost(url.host, endpoint.manifestHosts)) {
    throw refused(
      endpoint,
      'expected the manifest at the registry itself, got a redirect to a host that is not listed',
    );
  }
  return { url, reach: isOwnOrigin ? endpoint.reach : network, isOwnOrigin };
}

function targetOf(answer: HttpAnswer, from: URL, endpoint: Endpoint): URL {
  const location = answer.headers.get('location') ?? '';
  const url = location !== '' && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') {
    throw refused(endpoint, 'expected a redirect to a plain URL');
  }
  const mayBePlain = endpoint.insecurePlainHttp && from.protocol === 'http:';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
    throw refused(endpoint, 'expected a redirect to https');
  }
  return url;
}

function refused(endpoint: Endpoint, message: string): RegistryError {
  return new RegistryError('refused-by-policy', endpoint.host, message);
}

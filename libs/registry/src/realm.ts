import { type AddressClass, isLoopbackHost, type Reach } from './address-class.js';
import { RegistryError } from './error.js';
import { sharesOwner } from './registrable-domain.js';
import type { Endpoint } from './registry-host.js';

/** A token server that a registry may send us to. */
export interface Realm {
  readonly url: URL;
  readonly reach: Reach;
  /** False: this server gets no credentials; it may still give an anonymous token. */
  readonly mayCarryCredentials: boolean;
}

/**
 * Judges the `realm` of a challenge; throws RegistryError (refused-by-policy). Allowed is `https` anywhere public, and
 * `http` on the registry's own host where the registry itself speaks `http`. As near as the registry itself, never nearer.
 * Credentials go only to the registry's own registrable domain, to `auth.docker.io` for Docker Hub, and to configured hosts.
 */
export function judgeRealm(
  text: string,
  endpoint: Endpoint,
  network: Exclude<AddressClass, 'forbidden'>,
): Realm {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw refused(endpoint, 'expected the token server’s address to be a plain URL');
  }
  const isOwnHost = url.hostname === endpoint.origin.hostname || isLoopbackPair(url, endpoint.origin);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && endpoint.insecurePlainHttp && isOwnHost)) {
    throw refused(endpoint, 'expected the token server to be reached by https');
  }
  return {
    url,
    reach: url.host === endpoint.origin.host ? endpoint.reach : network,
    mayCarryCredentials: sharesOwner(url, endpoint.origin) || endpoint.tokenHosts.includes(url.host),
  };
}

function isLoopbackPair(one: URL, other: URL): boolean {
  return isLoopbackHost(one.hostname) && isLoopbackHost(other.hostname);
}

function refused(endpoint: Endpoint, message: string): RegistryError {
  return new RegistryError('refused-by-policy', endpoint.host, message);
}

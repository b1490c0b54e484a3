import { isIP } from 'node:net';

import { isLoopbackHost, withoutBrackets } from './address-class.js';

/**
 * Domains under which strangers get names, at any depth: below them, a host is only ever itself. Not the whole public suffix
 * list, but what registries and token servers are commonly hosted on.
 */
const SHARED_SUFFIXES = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'appspot.com',
  'azurecr.io',
  'azurecr.cn',
  'azurecr.us',
  'azurewebsites.net',
  'cloudapp.azure.com',
  'cloudfront.net',
  'digitaloceanspaces.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'icr.io',
  'jfrog.io',
  'netlify.app',
  'ngrok.io',
  'ngrok-free.app',
  'onrender.com',
  'pages.dev',
  'pkg.dev',
  'run.app',
  'vercel.app',
  'web.app',
  'windows.net',
  'workers.dev',
] as const;

/** Second-level labels that country registries use: `co.uk`, `com.au`, `go.jp`. Any label of up to three letters counts. */
const COUNTRY_SUFFIX = /^[a-z]{1,3}\.[a-z]{2}$/;

/**
 * True if whoever owns one host owns the other: the same host and port; or the same registrable domain, both on their
 * scheme's usual port; or both loopback. Addresses and single-label names are only ever themselves.
 */
export function sharesOwner(one: URL, other: URL): boolean {
  if (one.host === other.host) return true;
  if (isLoopbackHost(one.hostname) && isLoopbackHost(other.hostname)) return true;
  if (one.port !== '' || other.port !== '') return false;
  const domain = registrableDomain(one.hostname);
  return domain !== undefined && domain === registrableDomain(other.hostname);
}

/** The part of a name that one owner registered, `undefined` where there is none. */
export function registrableDomain(hostname: string): string | undefined {
  if (isIP(withoutBrackets(hostname)) !== 0) return undefined;
  const name = hostname.replace(/\.$/, '');
  if (SHARED_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))) return name;
  const labels = name.split('.');
  const suffixLength = COUNTRY_SUFFIX.test(labels.slice(-2).join('.')) ? 2 : 1;
  return labels.length > suffixLength ? labels.slice(-suffixLength - 1).join('.') : undefined;
}

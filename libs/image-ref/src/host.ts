import { isIPv6 } from 'node:net';

import { ImageReferenceError } from './error.js';
import { IPV4, IPV6, LABEL, MAX_HOST, MAX_LABEL, MAX_TEXT, NUMERIC_LABEL, PORT } from './grammar.js';

/** The one name of Docker Hub in a canonical reference. */
export const DOCKER_HUB = 'docker.io';

/** Every host that serves Docker Hub's repositories; a name that is not listed is a host of its own. */
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/**
 * Whether the part of a name before its first slash is a registry host: it has a dot or a colon, is `localhost`, or has
 * a capital letter, which no path may have. Everything else is a namespace on Docker Hub.
 */
export function isHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first);
}

/**
 * Text to canonical registry host, with its port if that is not 443: lower case, `docker.io` for all of Docker Hub's
 * names. Throws {@link ImageReferenceError} for everything that a URL parser would read as another host.
 */
export function parseHost(text: string): string {
  if (text.length > MAX_TEXT) throw new ImageReferenceError('too-long', 'expected a registry host');
  // Before lower-casing: U+212A (Kelvin) and its like fold to ASCII letters.
  if (/[^\x21-\x7e]/.test(text))
    throw new ImageReferenceError('not-ascii', 'expected an ASCII registry host');

  const { name, port } = splitPort(text.toLowerCase());
  const host = name.startsWith('[') ? parseIPv6(name) : parseName(name);
  const suffix = port === undefined ? '' : parsePort(port);
  if (suffix !== '') return host + suffix;
  if (DOCKER_HUB_ALIASES.has(host)) return DOCKER_HUB;
  // `Foo/x` is on the host `foo`; written `foo/x` it would be read as a namespace of Docker Hub.
  return isHost(host) ? host : `${host}:443`;
}

function splitPort(text: string): { name: string; port: string | undefined } {
  const colon = text.indexOf(':', text.startsWith('[') ? text.indexOf(']') + 1 : 0);
  return colon === -1
    ? { name: text, port: undefined }
    : { name: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** `:` and the port, or nothing for the default port of https. */
function parsePort(port: string): string {
  if (!PORT.test(port) || Number(port) > 65_535) {
    throw new ImageReferenceError('port', 'expected a port from 1 to 65535 without leading zeros');
  }
  return port === '443' ? '' : `:${port}`;
}

function parseName(name: string): string {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  if (NUMERIC_LABEL.test(last)) return parseIPv4(name);
  if (name.length > MAX_HOST || !labels.every((label) => label.length <= MAX_LABEL && LABEL.test(label))) {
    throw new ImageReferenceError(
      'host',
      'expected a registry host: labels of at most 63 letters, digits and dashes, joined by single dots',
    );
  }
  return name;
}

/** Plain dotted decimal only: `0x7f.1`, `2130706433` and `0177.0.0.1` are all 127.0.0.1 to a URL parser. */
function parseIPv4(name: string): string {
  if (!IPV4.test(name) || name.split('.').some((octet) => Number(octet) > 255)) {
    throw new ImageReferenceError('host', 'expected an IPv4 address as four decimal numbers from 0 to 255');
  }
  return name;
}

/** RFC 5952 spelling, so that one address is one host. Zones and dotted IPv4 tails are not in the runtimes' grammar. */
function parseIPv6(name: string): string {
  const address = name.slice(1, -1);
  if (!name.endsWith(']') || !IPV6.test(address) || !isIPv6(address)) {
    throw new ImageReferenceError('host', 'expected an IPv6 address in brackets, without zone');
  }
  return new URL(`http://${name}/`).hostname;
}

import { ImageReferenceError, parseImageReference } from '#image-ref';

import type { Path } from '../path.js';
import type { Report } from '../report.js';

/** An http(s) URL, with https where none is written; undefined after a finding. Its text is never repeated. */
export function serviceUrlAt(text: string, report: Report, path: Path): URL | undefined {
  const url = toUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  if (url !== undefined && isHttp(url) && url.username === '' && url.password === '') return url;
  report.error('url', 'expected a host, or an http or https URL without a user name', path);
  return undefined;
}

/** An http(s) URL that is written out; undefined after a finding. Its text is never repeated: it may be a secret. */
export function receiverUrlAt(text: string, report: Report, path: Path): URL | undefined {
  const url = toUrl(text);
  if (url !== undefined && isHttp(url)) return url;
  report.error('url', 'expected an http or https URL on one line', path);
  return undefined;
}

/** A registry host in the form that image references have, with port if any; undefined after a finding. */
export function registryHostAt(text: string, report: Report, path: Path): string | undefined {
  try {
    const image = parseImageReference(`${text}/repository/name`);
    if (image.path === 'repository/name' && image.tag === 'latest' && !text.includes('/')) return image.host;
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
  }
  report.error(
    'url',
    'expected a registry host such as registry.example.com or registry.example.com:5000',
    path,
  );
  return undefined;
}

/** The URL parser would drop line breaks and tabs without a word. */
function toUrl(text: string): URL | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isHttp({ protocol, hostname }: URL): boolean {
  return (protocol === 'https:' || protocol === 'http:') && hostname !== '';
}

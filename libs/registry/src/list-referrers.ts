import { type Descriptor, malformed, parseDescriptors, unreadable } from './descriptor.js';
import { RegistryError } from './error.js';
import type { HttpAnswer } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { nextLinks } from './link-header.js';
import { essenceOf, OCI_INDEX } from './media-type.js';
import { assertReferrersCount } from './referrers.js';
import { isJsonObject, member, parseStrictJson } from './strict-json.js';

/** How the pages of one list are fetched, and what an answer that is none means. */
export interface ReferrersList {
  readonly first: URL;
  readonly host: string;
  readonly get: (url: URL) => Promise<HttpAnswer>;
  readonly toError: (answer: HttpAnswer) => RegistryError;
}

/**
 * All pages of the referrers API; empty where the registry has no such API. Ends: a page that was seen, a page too many and
 * a referrer too many are errors. Throws RegistryError.
 */
export async function listReferrers({
  first,
  host,
  get,
  toError,
}: ReferrersList): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  const seen = new Set<string>();
  let url: URL | undefined = first;
  while (url !== undefined) {
    const answer: HttpAnswer = await get(url);
    if (seen.size === 0 && hasNoReferrersApi(answer)) return [];
    if (answer.status !== 200) throw toError(answer);
    found.push(...parseReferrersPage(answer.body, host));
    assertReferrersCount(found.length, host);
    seen.add(url.href);
    url = nextPage(answer, url, host);
    if (url !== undefined) assertNewPage(url, seen, host);
  }
  return found;
}

/** Answers to the referrers API that say that there is none; distribution-spec 1.1, "Unavailable Referrers API". */
const NO_API: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/**
 * True where the registry has no referrers API: it says so, it answers with something that is no index, or it sends us
 * elsewhere. An answer about access or a fault says nothing.
 */
function hasNoReferrersApi({ status, headers }: HttpAnswer): boolean {
  if (NO_API.has(status) || (status >= 300 && status <= 399)) return true;
  return status === 200 && essenceOf(headers.get('content-type')) !== OCI_INDEX;
}

/** One page to descriptors; throws RegistryError (malformed, too-large). */
function parseReferrersPage(body: Uint8Array, host: string): readonly Descriptor[] {
  let page: unknown;
  const maxValues = REGISTRY_LIMITS.signatureJsonValuesCount;
  try {
    page = parseStrictJson(body, maxValues);
  } catch (error) {
    throw unreadable(host, 'the list of referrers', error, maxValues);
  }
  if (!isJsonObject(page)) throw malformed(host, 'expected the list of referrers to be a JSON object');
  return parseDescriptors(member(page, 'manifests'), host, 'referrers', 'referrersCount');
}

/** The URL of the next page, if there is one; only the registry itself has it. Throws RegistryError. */
function nextPage(answer: HttpAnswer, from: URL, host: string): URL | undefined {
  const [link, ...others] = new Set(nextLinks(answer.headers.get('link') ?? ''));
  if (link === undefined) return undefined;
  const url = URL.canParse(link, from.href) ? new URL(link, from) : undefined;
  if (url === undefined || others.length > 0)
    throw malformed(host, 'expected one link to the next page of referrers');
  if (url.origin !== from.origin || url.username !== '' || url.password !== '') {
    throw new RegistryError(
      'refused-by-policy',
      host,
      'expected the next page of referrers at the registry itself',
    );
  }
  return url;
}

function assertNewPage(url: URL, seen: ReadonlySet<string>, host: string): void {
  if (seen.has(url.href)) throw malformed(host, 'expected the pages of referrers to end');
  if (seen.size < REGISTRY_LIMITS.referrersPagesCount) return;
  const message = `expected at most ${REGISTRY_LIMITS.referrersPagesCount} pages of referrers`;
  throw new RegistryError('too-large', host, message, { limit: 'referrersPagesCount' });
}

import type { Digest } from '#image-ref';

import type { Descriptor } from './descriptor.js';
import { RegistryError } from './error.js';
import { REGISTRY_LIMITS } from './limits.js';

/** What refers to an image, from every place where a referrer can be listed. Claims only: fetch each and look at it. */
export interface Referrers {
  readonly descriptors: readonly Descriptor[];
  /** Where they came from. */
  readonly source: 'api' | 'tag' | 'both' | 'none';
}

/** The tag under which a client lists referrers where the registry does not. */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** Both lists as one, each digest once. Throws RegistryError where there are more than anybody should look at. */
export function mergeReferrers(
  api: readonly Descriptor[],
  tag: readonly Descriptor[],
  host: string,
): Referrers {
  const byDigest = new Map([...tag, ...api].map((descriptor) => [descriptor.digest, descriptor]));
  assertReferrersCount(byDigest.size, host);
  const source = api.length > 0 ? (tag.length > 0 ? 'both' : 'api') : tag.length > 0 ? 'tag' : 'none';
  return { descriptors: [...byDigest.values()], source };
}

/** Throws the error that stands for "too many signatures". */
export function assertReferrersCount(count: number, host: string): void {
  if (count <= REGISTRY_LIMITS.referrersCount) return;
  const message = `expected at most ${REGISTRY_LIMITS.referrersCount} referrers of the image: remove old signatures`;
  throw new RegistryError('too-large', host, message, { limit: 'referrersCount' });
}

import { isDigest } from '#image-ref';

import { REGISTRY_LIMITS, type RegistryLimit } from './limits.js';

/** A repository, by the host and path of an image reference. */
export interface RepositoryTarget {
  readonly host: string;
  readonly path: string;
}

/** A manifest in a repository; a digest is a digest and everything else is a tag. */
export interface ManifestTarget extends RepositoryTarget {
  readonly reference: string;
  /** What lies there, and with it how much of it is read; default: an image. */
  readonly role?: ManifestRole;
}

/** An image or index; the manifest with all legacy signatures of an image; one referrer, or the list of them. */
export type ManifestRole = 'image' | 'signatures' | 'referrer' | 'referrers';

export interface ManifestBounds {
  readonly limit: Extract<RegistryLimit, `${string}Bytes`>;
  readonly maxValues: number;
}

/** How much of a manifest is read, by what it is. */
export const MANIFEST_BOUNDS: Readonly<Record<ManifestRole, ManifestBounds>> = {
  image: { limit: 'manifestBytes', maxValues: REGISTRY_LIMITS.jsonValuesCount },
  signatures: {
    limit: 'signatureManifestBytes',
    maxValues: REGISTRY_LIMITS.signatureJsonValuesCount,
  },
  referrer: { limit: 'referrerManifestBytes', maxValues: REGISTRY_LIMITS.signatureJsonValuesCount },
  referrers: { limit: 'referrersPageBytes', maxValues: REGISTRY_LIMITS.signatureJsonValuesCount },
};

const TAG = /^\w[\w.-]{0,127}$/;

/** The tag or digest of a target; throws TypeError for what is neither. */
export function referenceOf({ reference }: ManifestTarget): string {
  if (!isDigest(reference) && !TAG.test(reference)) throw new TypeError('expected a tag or a digest');
  return reference;
}

/** A target in the user's words, for messages. */
export function describe({ path, reference }: ManifestTarget): string {
  return `the manifest ${path}${isDigest(reference) ? '@' : ':'}${reference}`;
}

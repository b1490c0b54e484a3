import type { Code } from '#validator';

import type { AdmissionReviewRequest } from './admission-review.js';

declare const pointer: unique symbol;

/** The RFC 6901 pointer of one image in the object: names the site, and is where a patch writes. */
export type SiteId = string & { readonly [pointer]: true };

/** CSI drivers whose inline volumes are images, and the volume attribute that names the image. */
export type ImageDrivers = ReadonlyMap<string, string>;

export type ImageList = 'containers' | 'initContainers' | 'ephemeralContainers' | 'volumes';

/** Why a site has no image text that could be judged. */
export type SiteFault = 'missing' | 'blank' | 'not-a-string' | 'not-an-object';

interface Site {
  readonly id: SiteId;
  readonly list: ImageList;
  /** The container's or volume's name; undefined where it has none. */
  readonly name: string | undefined;
}

/** One place in the object that names an image, or ought to. */
export type ImageSite =
  | (Site & { readonly image: string; readonly fault: undefined })
  | (Site & { readonly image: undefined; readonly fault: SiteFault });

/**
 * Requests that rightly carry no image. `status`: it carries the workload, with every image as it was. `ignored`: its
 * namespace is exempt, so nobody looked.
 */
export type NoImagesReason = 'delete' | 'scale' | 'binding' | 'eviction' | 'status' | 'ignored';

/** Every image site of the object, at least one. Made by `findImageSites` only. */
export class FoundSites {
  readonly kind = 'found';
  readonly request: AdmissionReviewRequest;
  /** A Pod runs; a template only describes pods, which are judged again when they are made. */
  readonly isPod: boolean;
  readonly sites: readonly ImageSite[];
  /** Distinct image texts, in the order in which they appear. */
  readonly images: readonly string[];
  /** By what the volumes were read: other versions of the object are read by the same. */
  readonly imageDrivers: ImageDrivers;
  readonly #made = true;

  constructor(parts: Pick<FoundSites, 'request' | 'isPod' | 'sites' | 'images' | 'imageDrivers'>) {
    this.request = parts.request;
    this.isPod = parts.isPod;
    this.sites = parts.sites;
    this.images = parts.images;
    this.imageDrivers = parts.imageDrivers;
  }

  static is(value: unknown): value is FoundSites {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

/** The request rightly has no images. Made by `findImageSites` only. */
export class NoSites {
  readonly kind = 'none';
  readonly request: AdmissionReviewRequest;
  readonly reason: NoImagesReason;
  readonly #made = true;

  constructor(request: AdmissionReviewRequest, reason: NoImagesReason) {
    this.request = request;
    this.reason = reason;
  }

  static is(value: unknown): value is NoSites {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

/** We cannot say which images the object has; that denies. */
export interface UnreadableSites {
  readonly kind: 'unreadable';
  readonly request: AdmissionReviewRequest;
  readonly fault:
    | 'unknown-kind'
    | 'unknown-subresource'
    | 'connect'
    | 'no-pod-spec'
    | 'no-images'
    | 'not-a-list'
    | 'too-many-sites'
    | 'too-many-images'
    | 'not-image-free'
    | 'internal';
  readonly code: Code;
  /** What the object is or has, as the end of a sentence that begins with the object. */
  readonly title: string;
  readonly next: string;
}

export type ImageSites = FoundSites | NoSites | UnreadableSites;

import type { Digest, ImageReference } from '#image-ref';
import type { RuleOptions } from '#validator';

import type { ImageSite } from './image-sites.js';

/** The same container carries the same bytes as before. Made by `unchangedSites` only, for one site of one request. */
export class UnchangedGround {
  readonly kind = 'unchanged';
  readonly #site: ImageSite;

  constructor(site: ImageSite) {
    this.#site = site;
  }

  /** True for the ground that was made for this site; false for a look-alike, and for that of another request. */
  static isFor(ground: unknown, site: ImageSite): boolean {
    return typeof ground === 'object' && ground !== null && #site in ground && ground.#site === site;
  }
}

/** A bound proof for exactly this digest. */
export interface VerifiedGround {
  readonly kind: 'verified';
  /** Parsed from the site's own text. */
  readonly reference: ImageReference;
  /** What was proven; what the patch writes. */
  readonly digest: Digest;
  readonly mode: RuleOptions['mode'];
  /** End of what the proof rests on, ms since the epoch; absent where it has none. */
  readonly notAfter?: number | undefined;
}

/** A static rule says yes; nobody looked at the image. */
export interface StaticGround {
  readonly kind: 'static';
}

/** An owner that was admitted with the same digest-pinned image. Made by `childSites` only, for one site of one request. */
export class ChildGround {
  readonly kind = 'child';
  readonly digest: Digest;
  /** End of the owner's record, ms since the epoch: what is made from the child vouches no longer. */
  readonly until: number;
  readonly #site: ImageSite;

  constructor(site: ImageSite, digest: Digest, until: number) {
    this.#site = site;
    this.digest = digest;
    this.until = until;
  }

  /** True for the ground that was made for this site; false for a look-alike, and for that of another request. */
  static isFor(ground: unknown, site: ImageSite): boolean {
    return typeof ground === 'object' && ground !== null && #site in ground && ground.#site === site;
  }
}

/** Why a site may be admitted (design rule 2). The enumeration is complete. */
export type Ground = VerifiedGround | StaticGround | ChildGround | UnchangedGround;

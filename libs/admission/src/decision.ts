import type { Code } from '#validator';

import type { AdmissionReviewRequest } from './admission-review.js';
import type { ImageSites, SiteId } from './image-sites.js';
import type { PatchOperation } from './json-patch.js';
import type { JudgedBy, SiteJudgement } from './judgement.js';

/**
 * `podsOnly` is in force for objects other than Pods where only Pods are enforced; `ignored` where the namespace is exempt
 * and nobody looks.
 */
export type Mode = 'enforce' | 'detect' | 'podsOnly' | 'ignored';

/** One reason why the object is denied: an image in all its places, or the object as a whole. */
export interface Problem extends JudgedBy {
  readonly outcome: 'refused' | 'undecided';
  readonly code: Code;
  /** The image as written, or what else the sentence is about. */
  readonly subject: string;
  readonly title: string;
  readonly sites: readonly SiteId[];
  /** `container "api"`, for people. */
  readonly places: readonly string[];
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly next?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** What both decisions know. */
export interface Decided {
  readonly request: AdmissionReviewRequest;
  readonly mode: Mode;
  readonly sites: ImageSites;
  readonly judgements: ReadonlyMap<SiteId, SiteJudgement>;
}

/** At least one site, or the object, has no ground. */
export interface Denial extends Decided {
  readonly kind: 'deny';
  /** `refused` where anything was definitively refused; `timeout` where time ran out first; `invalid`: unreadable. */
  readonly result: 'refused' | 'undecided' | 'timeout' | 'invalid';
  /** The worst first; never empty. */
  readonly problems: readonly [Problem, ...Problem[]];
  /**
   * Pins what was verified in an object that is let in because only rules in detection mode refuse it: what the other
   * rules govern is enforced. Empty for every other denial.
   */
  readonly patch: readonly PatchOperation[];
}

import { type Digest, digestOf, parseImageReference } from '#image-ref';

import { parseAdmissionReview } from '../src/admission-review.js';
import { decide, type Decision } from '../src/decide.js';
import type { Mode } from '../src/decision.js';
import { findImageSites } from '../src/find-image-sites.js';
import type { ImageSites, SiteId } from '../src/image-sites.js';
import type { SiteJudgement } from '../src/judgement.js';
import { pendingImages } from '../src/pending-images.js';
import { unchangedSites } from '../src/unchanged-sites.js';
import { bytesOf } from './review.js';

export type Judge = (image: string) => SiteJudgement | undefined;

/** A digest that belongs to a name and to nothing else. */
export function digestFor(name: string): Digest {
  return digestOf(Buffer.from(name));
}

/** Proves every image, for its own digest where it has one. */
export function proven(image: string, mode: 'mutate' | 'insecureValidateOnly' = 'mutate'): SiteJudgement {
  const reference = parseImageReference(image);
  const digest = reference.digest ?? digestFor(reference.toString());
  return {
    outcome: 'admitted',
    ground: { kind: 'verified', reference, digest, mode },
    rule: { index: 3, pattern: 'ghcr.io/acme/*:*' },
    validator: { name: 'acme-cosign', type: 'cosign' },
  };
}

/** Proves every image but the named ones, which get what is said here. */
export function allBut(exceptions: Readonly<Record<string, SiteJudgement | undefined>>): Judge {
  const named = new Map(Object.entries(exceptions));
  return (image) => (named.has(image) ? named.get(image) : proven(image));
}

export interface JudgeOptions {
  readonly judge?: Judge;
  readonly automaticUnchangedApproval?: boolean;
  readonly phase?: 'mutate' | 'validate';
  readonly mode?: Mode;
  readonly timedOut?: boolean;
}

/** One whole admission, as the gateway runs it, with a judge in place of policy and verification. */
export function admit(review: Uint8Array | Record<string, unknown>, options: JudgeOptions = {}): Decision {
  const bytes = review instanceof Uint8Array ? review : bytesOf(review);
  const sites = findImageSites(parseAdmissionReview(bytes));
  const { phase = 'mutate', mode = 'enforce', timedOut } = options;
  return decide(sites, judged(sites, options), { phase, mode, timedOut });
}

export function judged(sites: ImageSites, options: JudgeOptions = {}): Map<SiteId, SiteJudgement> {
  const { judge = proven, automaticUnchangedApproval = false } = options;
  const judgements = new Map(unchangedSites(sites, { automaticUnchangedApproval }));
  for (const [image, ids] of pendingImages(sites, judgements)) {
    const judgement = judge(image);
    if (judgement !== undefined) for (const id of ids) judgements.set(id, judgement);
  }
  return judgements;
}

import { CODES, type Code, isRefusalCode } from '#validator';

import type { AdmissionReviewRequest } from './admission-review.js';
import type { Mode, Problem } from './decision.js';
import { ChildGround, type Ground, UnchangedGround } from './ground.js';
import type { ImageSite, SiteFault, UnreadableSites } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';

export interface JudgedAs {
  readonly phase: 'mutate' | 'validate';
  readonly mode: Mode;
  /** The deadline came before every image was judged: what is missing is undecided and not our fault. */
  readonly timedOut?: boolean | undefined;
}

/** A problem of one site; `problemsOf` in decide.ts brings those of one image together. */
export type SiteProblem = Omit<Problem, 'sites' | 'places'>;

const FAULTS: Record<SiteFault, string> = {
  missing: 'has no image',
  blank: 'has no image',
  'not-a-string': 'has an image that is not a string',
  'not-an-object': 'is not an object',
};

/** Why this site has no ground; undefined where it has one. */
export function siteProblem(
  site: ImageSite,
  judgement: SiteJudgement | undefined,
  as: JudgedAs,
): SiteProblem | undefined {
  if (site.fault !== undefined) {
    const next = 'name an image for it';
    return { outcome: 'refused', code: 'CNS-1010', subject: placeOf(site), title: FAULTS[site.fault], next };
  }
  const subject = site.image;
  if (judgement === undefined) return coded(subject, as.timedOut === true ? 'CNS-2006' : 'CNS-3004', {});
  if (judgement.outcome === 'admitted') {
    const holds = groundHolds(site, subject, judgement.ground, as);
    const { rule, validator } = judgement;
    // Anything but the word itself is a problem, so a ground that nobody has heard of does not hold.
    return holds === 'holds' ? undefined : { ...(holds ?? coded(subject, 'CNS-3004', {})), rule, validator };
  }
  const { outcome: _, code, ...rest } = judgement;
  return coded(subject, code, rest);
}

/** The object as a whole cannot be judged. */
export function objectProblem({ request, code, title, next }: UnreadableSites): Problem {
  const outcome = isRefusalCode(code) ? 'refused' : 'undecided';
  return { outcome, code, subject: nameOf(request), title, next, sites: [], places: [] };
}

/** `Pod shop/api`, for people. */
export function nameOf({ kind, namespace, name }: AdmissionReviewRequest): string {
  return `${kind.kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** `container "api"`, or the pointer where it has no name. */
export function placeOf({ list, name, id }: ImageSite): string {
  const what = list.slice(0, -1);
  return name === undefined ? `${what} at ${id}` : `${what} "${name}"`;
}

/** A problem in the words of the catalogue, and what is to be said beside them. */
export function coded(
  subject: string,
  code: Code,
  rest: Omit<SiteProblem, 'outcome' | 'code' | 'subject' | 'title'>,
): SiteProblem {
  const { title, next } = CODES[code];
  return {
    ...rest,
    outcome: isRefusalCode(code) ? 'refused' : 'undecided',
    code,
    subject,
    title,
    next: rest.next ?? next,
  };
}

/** A ground counts for the site that it was found for and for the digest that the site asks for; nothing else. */
function groundHolds(site: ImageSite, image: string, ground: Ground, as: JudgedAs): 'holds' | SiteProblem {
  switch (ground.kind) {
    case 'static':
      return 'holds';
    case 'unchanged':
      return UnchangedGround.isFor(ground, site) ? 'holds' : coded(image, 'CNS-3004', {});
    case 'child':
      return ChildGround.isFor(ground, site) && image.endsWith(`@${ground.digest}`)
        ? 'holds'
        : coded(image, 'CNS-3004', {});
    case 'verified': {
      const { reference, digest, mode } = ground;
      if (reference.original !== image) return coded(image, 'CNS-3004', {});
      if (reference.digest === digest) return 'holds';
      if (reference.digest !== undefined)
        return coded(image, 'CNS-1005', { found: digest, expected: reference.digest });
      const undone = as.phase === 'validate' && as.mode !== 'podsOnly' && mode === 'mutate';
      return undone ? unpinned(image, digest) : 'holds';
    }
  }
}

/** `/mutate` wrote the digest and somebody took it out again: what would run is what the tag says then (K36). */
function unpinned(image: string, digest: string): SiteProblem {
  return {
    outcome: 'refused',
    code: 'CNS-1005',
    subject: image,
    title: UNPINNED,
    found: 'no digest in the reference',
    expected: `@${digest}, as /mutate writes it`,
    next: 'find the webhook that rewrites images after connaisseur, or register /mutate',
  };
}

const UNPINNED = 'is not pinned to the digest that was verified';

/** True for the problem of an undone pin, which detection mode can only believe where nothing else is wrong. */
export function isUnpinned(problem: SiteProblem): boolean {
  return problem.title === UNPINNED;
}

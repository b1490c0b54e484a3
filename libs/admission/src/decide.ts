import { CODES, type UndecidedCode } from '#validator';

import type { AdmissionReviewRequest } from './admission-review.js';
import type { Decided, Denial, Mode, Problem } from './decision.js';
import {
  FoundSites,
  type ImageSite,
  type ImageSites,
  NoSites,
  type SiteId,
  type UnreadableSites,
} from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { type PatchOperation, pinningPatch } from './json-patch.js';
import { coded, isUnpinned, type JudgedAs, nameOf, objectProblem, placeOf, siteProblem } from './problem.js';

/** Every site has a ground, or there rightly is no site. Not exported as a value: only `decide` makes one. */
class Allowed implements Decided {
  readonly kind = 'allow';
  readonly result = 'admitted';
  readonly request;
  readonly mode: Mode;
  readonly sites: ImageSites;
  readonly judgements: ReadonlyMap<SiteId, SiteJudgement>;
  /** Pins every verified image; empty where nothing is to be written. */
  readonly patch: readonly PatchOperation[];
  readonly #made = true;

  constructor(sites: FoundSites | NoSites, judgements: ReadonlyMap<SiteId, SiteJudgement>, as: JudgedAs) {
    this.request = sites.request;
    this.mode = as.mode;
    this.sites = sites;
    this.judgements = judgements;
    // Where an object is let through whatever the verdict, we do not write into it either.
    const writes = as.phase === 'mutate' && as.mode !== 'podsOnly';
    this.patch = writes && sites.kind === 'found' ? pinningPatch(sites, judgements) : [];
  }

  static is(value: unknown): value is Allowed {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

export type Decision = Allowed | Denial;

/**
 * Allows exactly where every site that was found has one ground that holds for it, and nothing else was judged; or where
 * the request rightly has no image. Every other input, also one that our own code got wrong, is a denial that names all
 * problems.
 */
export function decide(
  sites: ImageSites,
  judgements: ReadonlyMap<SiteId, SiteJudgement>,
  as: JudgedAs,
): Decision {
  if (sites.kind === 'unreadable') return unreadable(sites, as.mode);
  if (sites.kind === 'found') {
    const [first, ...others] = problemsOf(sites, judgements, as);
    if (first !== undefined) return denial(sites, judgements, as, [first, ...others]);
  }
  return isExact(sites, judgements) ? new Allowed(sites, judgements, as) : fault(sites, judgements, as);
}

/** Without problems every site has its judgement; ids are unique, so equal counts then mean equal sets. */
function isExact(sites: FoundSites | NoSites, judgements: ReadonlyMap<SiteId, SiteJudgement>): boolean {
  // By brand and not by the word in `kind`: what only looks like found sites has as many sites as it likes.
  if (NoSites.is(sites)) return judgements.size === 0;
  return FoundSites.is(sites) && sites.sites.length > 0 && judgements.size === sites.sites.length;
}

/** True for what `decide` allowed, and for no look-alike. */
export function isAdmission(decision: Decision): decision is Allowed {
  return Allowed.is(decision);
}

/**
 * Takes an admission back for a reason that is not in the images, such as a mandatory alert that was not delivered. What only
 * rules in detection mode let in under `mode` is taken back as well: no rule speaks of that reason.
 */
export function withhold(decision: Decision, code: UndecidedCode, mode: Mode): Denial {
  if (decision.kind === 'deny' && decision.mode === mode) return decision;
  const { request, sites, judgements } = decision;
  const problem: Problem = { ...coded(nameOf(request), code, {}), sites: [], places: [] };
  return {
    kind: 'deny',
    result: 'undecided',
    request,
    mode,
    sites,
    judgements,
    problems: [problem],
    patch: [],
  };
}

/** Denies a request that could not be taken as far as `decide`: an exception, an overload, a deadline. */
export function denyRequest(request: AdmissionReviewRequest, code: UndecidedCode, mode: Mode): Denial {
  return unreadable({ kind: 'unreadable', request, fault: 'internal', code, ...CODES[code] }, mode);
}

/** The sites and judgements do not belong together: our own fault, and never an admission. */
function fault(
  sites: ImageSites,
  judgements: ReadonlyMap<SiteId, SiteJudgement>,
  { mode }: JudgedAs,
): Denial {
  return { ...denyRequest(sites.request, 'CNS-3004', mode), sites, judgements };
}

function unreadable(sites: UnreadableSites, mode: Mode): Denial {
  const result = sites.fault === 'internal' ? 'undecided' : 'invalid';
  const { request } = sites;
  return {
    kind: 'deny',
    result,
    request,
    mode,
    sites,
    judgements: new Map(),
    problems: [objectProblem(sites)],
    patch: [],
  };
}

/** Every problem once, with all the places where it occurs; refusals first, because trying again does not help there. */
function problemsOf(
  { sites }: FoundSites,
  judgements: ReadonlyMap<SiteId, SiteJudgement>,
  as: JudgedAs,
): readonly Problem[] {
  const problems = new Map<string, Problem>();
  for (const site of sites) {
    const problem = siteProblem(site, judgements.get(site.id), as);
    if (problem === undefined) continue;
    const key = `${problem.code} ${problem.subject}`;
    problems.set(key, join(problems.get(key) ?? { ...problem, sites: [], places: [] }, site));
  }
  const all = [...problems.values()];
  const others = all.filter((problem) => !isUnpinned(problem));
  // Detection mode: with another problem in the object, /mutate has not pinned anything, so no pin was undone.
  const real = as.mode === 'detect' && others.length > 0 ? others : all;
  return [...real.filter(isRefused), ...real.filter((problem) => !isRefused(problem))];
}

function join(problem: Problem, site: ImageSite): Problem {
  const places = site.image === undefined ? [] : [...problem.places, placeOf(site)];
  return { ...problem, sites: [...problem.sites, site.id], places };
}

function denial(
  sites: FoundSites,
  judgements: ReadonlyMap<SiteId, SiteJudgement>,
  as: JudgedAs,
  problems: readonly [Problem, ...Problem[]],
): Denial {
  const isByRule = as.mode === 'enforce' && problems.every(isDetectOnly);
  return {
    kind: 'deny',
    result: resultOf(problems),
    request: sites.request,
    mode: isByRule ? 'detect' : as.mode,
    sites,
    judgements,
    problems,
    patch: isByRule && as.phase === 'mutate' ? pinningPatch(sites, judgements) : [],
  };
}

/** The rule that refuses this is in detection mode. What no rule governs is enforced. */
function isDetectOnly({ rule }: Problem): boolean {
  return rule?.insecureDetectOnly === true;
}

function resultOf(problems: readonly Problem[]): Denial['result'] {
  if (problems.some(isRefused)) return 'refused';
  return problems.some(({ code }) => code === 'CNS-2006') ? 'timeout' : 'undecided';
}

function isRefused({ outcome }: Problem): boolean {
  return outcome === 'refused';
}

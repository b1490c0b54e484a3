import type { DecidedImage } from '#contracts';

import type { Decision } from './decide.js';
import type { Problem } from './decision.js';
import type { ImageSite, SiteId } from './image-sites.js';
import type { JudgedBy, SiteJudgement } from './judgement.js';
import { sentence } from './denial-message.js';
import { plainReference, plainText } from './plain-text.js';

const MAX_IMAGES = 64;
const MAX_SITES = 8;
const MAX_SHORT = 300;
const MAX_IMAGE = 600;

/**
 * What the decision record says about each image: one entry for each distinct image and way in which it was judged,
 * within the record's limits.
 */
export function decidedImages(decision: Decision): readonly DecidedImage[] {
  if (decision.sites.kind !== 'found') return [];
  const { sites, images } = decision.sites;
  if (decision.kind === 'allow' && images.length === sites.length) {
    return sites.map((site) => toldBefore(site, decision.judgements.get(site.id)));
  }
  const problems = problemsBySite(decision);
  const entries = new Map<string, DecidedImage>();
  for (const site of sites) {
    const entry = decidedImage(site, decision.judgements.get(site.id), problems.get(site.id));
    const key = `${entry.outcome} ${entry.ground ?? entry.code ?? ''} ${site.image ?? site.id}`;
    const known = entries.get(key);
    if (known === undefined) entries.set(key, entry);
    else if (known.sites.length < MAX_SITES) entries.set(key, { ...known, sites: [...known.sites, site.id] });
  }
  return [...entries.values()].slice(0, MAX_IMAGES);
}

/** What was last said of a judgement: a remembered image has the same one in every admission, mostly at the same place. */
const TOLD = new WeakMap<SiteJudgement, { readonly site: ImageSite; readonly entry: DecidedImage }>();

function toldBefore(site: ImageSite, judgement: SiteJudgement | undefined): DecidedImage {
  const told = judgement === undefined ? undefined : TOLD.get(judgement);
  if (told?.site.id === site.id && told.site.image === site.image) return told.entry;
  const entry = decidedImage(site, judgement, undefined);
  if (judgement !== undefined) TOLD.set(judgement, { site, entry });
  return entry;
}

function problemsBySite(decision: Decision): ReadonlyMap<SiteId, Problem> {
  const bySite = new Map<SiteId, Problem>();
  if (decision.kind === 'allow') return bySite;
  for (const problem of decision.problems) for (const id of problem.sites) bySite.set(id, problem);
  return bySite;
}

function decidedImage(
  site: ImageSite,
  judgement: SiteJudgement | undefined,
  problem: Problem | undefined,
): DecidedImage {
  const image = plainReference(site.image ?? '', MAX_IMAGE);
  const about = { image, sites: [site.id], ...judgedBy(judgement ?? {}) };
  if (problem !== undefined) {
    const { outcome, code } = problem;
    return { ...about, outcome, code, message: sentence(problem, MAX_SHORT) };
  }
  // No problem was found with this site, so a denial is about another one, or about the object.
  if (judgement?.outcome !== 'admitted') return { ...about, outcome: 'undecided' };
  const { ground } = judgement;
  return {
    ...about,
    outcome: 'admitted',
    ground: ground.kind,
    ...('digest' in ground ? { digest: ground.digest } : {}),
  };
}

function judgedBy({ rule, validator, cached, evidence }: JudgedBy): Partial<DecidedImage> {
  return {
    ...(rule === undefined
      ? {}
      : { rule: { index: rule.index, pattern: plainText(rule.pattern, MAX_SHORT) } }),
    ...(validator === undefined ? {} : { validator: { name: validator.name, type: validator.type } }),
    ...(cached === undefined ? {} : { cached }),
    ...(evidence === undefined ? {} : { evidence: evidence.slice(0, 64) }),
  };
}

import { AdmittedWorkload, MAX_ADMITTED_IMAGES } from '#contracts';

import type { GovernedBy } from './child-sites.js';
import { isOwnerKind } from './controller-owner.js';
import type { Decision } from './decide.js';
import { isAdmission } from './decide.js';
import { type ForeignObject, isForeignObject } from './foreign-json.js';
import type { FoundSites } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { pinnedDigest } from './pinned-digest.js';
import { siteName, sitesByName } from './site-names.js';

/** How long an owner vouches for its children without being proven again, ms. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/**
 * What is to be kept of an admission so that the object can vouch for what its controller makes of it: the sites with a
 * proof (*verified*, *child*) and a digest. Nothing for a dry-run, a mode that does not enforce, a denial that was let
 * through, or an object that makes nothing. For `/validate` only: an object under creation has no UID before.
 */
export function admittedWorkload(
  decision: Decision,
  governedBy: GovernedBy,
  now: number,
): AdmittedWorkload | undefined {
  const { request, sites, mode } = decision;
  if (!isAdmission(decision) || mode !== 'enforce' || request.dryRun || sites.kind !== 'found')
    return undefined;
  if (request.subResource !== undefined || !isOwnerKind(request.kind)) return undefined;
  const uid = uidOf(request.object);
  const isSettled = request.operation === 'CREATE' || uid === uidOf(request.oldObject);
  if (uid === undefined || !isSettled || request.namespace === '') return undefined;
  const proven = provenSites(sites, decision.judgements, governedBy);
  const trustRevisions = new Set(proven.map(({ trustRevision }) => trustRevision));
  const [trustRevision] = trustRevisions;
  if (trustRevision === undefined || trustRevisions.size > 1) return undefined;
  const until = Math.floor(Math.min(now + LONGEST_MS, ...proven.map((site) => site.until)));
  if (until <= now) return undefined;
  const images = proven.slice(0, MAX_ADMITTED_IMAGES).map(({ path, image, rule }) => ({ path, image, rule }));
  // Names and references are the user's: what is beyond the record's bounds has no record.
  return AdmittedWorkload.safeParse({ namespace: request.namespace, uid, trustRevision, until, images }).data;
}

interface Proven {
  readonly path: string;
  readonly image: string;
  readonly rule: string;
  readonly trustRevision: string;
  readonly until: number;
}

function provenSites(
  { sites }: FoundSites,
  judgements: ReadonlyMap<string, SiteJudgement>,
  governedBy: GovernedBy,
): readonly Proven[] {
  const named = sitesByName(sites);
  return sites.flatMap((site): Proven[] => {
    const [path, judgement] = [siteName(site), judgements.get(site.id)];
    if (path === undefined || site.image === undefined || named.get(path) !== site) return [];
    const until = endOfProof(judgement);
    const governed = until === undefined ? undefined : governedBy(site.image);
    if (until === undefined || governed === undefined || pinnedDigest(site.image) === undefined) return [];
    return [{ path, image: site.image, ...governed, until }];
  });
}

/** `undefined` for everything that is no proof of ours: static rules, unchanged images. */
function endOfProof(judgement: SiteJudgement | undefined): number | undefined {
  if (judgement?.outcome !== 'admitted') return undefined;
  const { ground } = judgement;
  switch (ground.kind) {
    case 'verified':
      return ground.notAfter ?? Number.POSITIVE_INFINITY;
    case 'child':
      return ground.until;
    case 'static':
    case 'unchanged':
      return undefined;
  }
}

function uidOf(object: ForeignObject | undefined): string | undefined {
  const metadata = object?.['metadata'];
  const uid = isForeignObject(metadata) ? metadata['uid'] : undefined;
  return typeof uid === 'string' && uid !== '' ? uid : undefined;
}

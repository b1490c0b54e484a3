import type { AdmittedWorkload } from '#contracts';

import { ControllerOwner } from './controller-owner.js';
import { type ForeignObject, isForeignObject } from './foreign-json.js';
import { ChildGround } from './ground.js';
import type { FoundSites, ImageSite, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { pinnedDigest } from './pinned-digest.js';
import { podSpecOf, readImages } from './pod-spec-images.js';
import { siteName, sitesByName } from './site-names.js';
import { workloadKind } from './workload-kind.js';

/** Everything that an owner vouches with. */
export interface OwnerEvidence {
  /** The claim of the request. */
  readonly owner: ControllerOwner;
  /** The owner as the API server has it now. */
  readonly live: ForeignObject;
  /** What we wrote when the owner was admitted, its signature checked. */
  readonly record: AdmittedWorkload;
}

/** The rule and trust that govern an image of this request now; `undefined` where nothing has to be proven. */
export type GovernedBy = (
  image: string,
) => { readonly rule: string; readonly trustRevision: string } | undefined;

/**
 * The sites that an admitted owner vouches for, each judged `child` (design rule 2): the owner lives with the UID that is
 * claimed, and carries at the same place the same digest-pinned image that we admitted there, by the same rule and trust.
 * Every other site is left to be verified. `now` is the wall clock, ms.
 */
export function childSites(
  sites: FoundSites,
  evidence: OwnerEvidence,
  governedBy: GovernedBy,
  now: number,
): ReadonlyMap<SiteId, SiteJudgement> {
  const judgements = new Map<SiteId, SiteJudgement>();
  if (!holds(sites, evidence, now)) return judgements;
  const { record, live } = evidence;
  const admitted = new Map(record.images.map(({ path, image, rule }) => [path, { image, rule }]));
  const [own, owners] = [sitesByName(sites.sites), sitesByName(liveSites(sites, evidence.owner, live))];
  for (const site of sites.sites) {
    const name = siteName(site);
    const digest = pinnedDigest(site.image);
    if (name === undefined || site.image === undefined || digest === undefined) continue;
    const known = admitted.get(name);
    const isSame = known?.image === site.image && owners.get(name)?.image === site.image;
    if (!isSame || own.get(name) !== site) continue;
    const governed = governedBy(site.image);
    if (governed?.rule !== known.rule || governed.trustRevision !== record.trustRevision) continue;
    const ground = new ChildGround(site, digest, record.until);
    judgements.set(site.id, { outcome: 'admitted', ground });
  }
  return judgements;
}

/** Claim, owner and record are about one living object in this request's namespace. */
function holds({ request }: FoundSites, { owner, live, record }: OwnerEvidence, now: number): boolean {
  if (!ControllerOwner.isOf(owner, request)) return false;
  const metadata = live['metadata'];
  if (!isForeignObject(metadata)) return false;
  // What is being deleted makes nothing any more, and its images may be changed by whoever holds a finalizer (K21).
  const lives = metadata['deletionTimestamp'] === undefined || metadata['deletionTimestamp'] === null;
  return (
    lives &&
    metadata['uid'] === owner.uid &&
    metadata['name'] === owner.name &&
    metadata['namespace'] === request.namespace &&
    record.uid === owner.uid &&
    record.namespace === request.namespace &&
    record.until > now
  );
}

function liveSites(sites: FoundSites, owner: ControllerOwner, live: ForeignObject): readonly ImageSite[] {
  const [group = '', version = ''] = owner.apiVersion.includes('/')
    ? owner.apiVersion.split('/')
    : ['', owner.apiVersion];
  const workload = workloadKind({ group, version, kind: owner.kind });
  const spec = workload === undefined ? undefined : podSpecOf(workload, live);
  if (workload === undefined || spec === undefined) return [];
  const read = readImages(workload, spec, sites.imageDrivers);
  return 'fault' in read ? [] : read.sites;
}

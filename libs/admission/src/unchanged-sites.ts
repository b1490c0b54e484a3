import { type ForeignObject, isForeignObject } from './foreign-json.js';
import { UnchangedGround } from './ground.js';
import type { FoundSites, ImageSite, ImageSites, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { pinnedDigest } from './pinned-digest.js';
import { podSpecOf, readImages } from './pod-spec-images.js';
import { siteName, sitesByName } from './site-names.js';
import { workloadKind } from './workload-kind.js';

/**
 * The sites that an UPDATE leaves as they are, each judged `unchanged` (design rule 2): the same container of the same
 * list with the same bytes. On a Pod always; on a template where the feature is on and the reference has a digest, or
 * where no image changes of an object that is being deleted, or of a ReplicaSet that gets no more pods.
 */
export function unchangedSites(
  sites: ImageSites,
  options: { readonly automaticUnchangedApproval: boolean },
): ReadonlyMap<SiteId, SiteJudgement> {
  const judgements = new Map<SiteId, SiteJudgement>();
  if (sites.kind !== 'found' || sites.request.operation !== 'UPDATE') return judgements;
  const leaving = !sites.isPod && (isBeingDeleted(sites) || getsNoMorePods(sites)) && sameImages(sites);
  if (!sites.isPod && !leaving && !options.automaticUnchangedApproval) return judgements;
  const unchanged = comparison(sites);
  for (const site of sites.sites) {
    const mayPass = sites.isPod || leaving || pinnedDigest(site.image) !== undefined;
    if (mayPass && unchanged.has(site)) {
      judgements.set(site.id, { outcome: 'admitted', ground: new UnchangedGround(site) });
    }
  }
  return judgements;
}

/** True where the old object has exactly the same images in the same containers. */
export function sameImages(sites: FoundSites): boolean {
  return comparison(sites).all;
}

/** The sites whose name occurs once before and once now, with the same image. */
function comparison(sites: FoundSites): { readonly all: boolean; has(site: ImageSite): boolean } {
  const before = sitesByName(oldSites(sites));
  const now = sitesByName(sites.sites);
  const has = (site: ImageSite): boolean => {
    const key = siteName(site);
    const old = key === undefined ? undefined : before.get(key);
    return (
      key !== undefined && site.image !== undefined && now.get(key) === site && old?.image === site.image
    );
  };
  return { all: before.size === sites.sites.length && sites.sites.every(has), has };
}

function oldSites({ request, imageDrivers }: FoundSites): readonly ImageSite[] {
  const workload = workloadKind(request.kind);
  if (workload === undefined || request.oldObject === undefined) return [];
  const spec = podSpecOf(workload, request.oldObject);
  const read = spec === undefined ? undefined : readImages(workload, spec, imageDrivers);
  return read === undefined || 'fault' in read ? [] : read.sites;
}

/** Of the old object only: a user can write the field into a new one (K22). */
function isBeingDeleted({ request }: FoundSites): boolean {
  const metadata = request.oldObject?.['metadata'];
  return isForeignObject(metadata) && typeof metadata['deletionTimestamp'] === 'string';
}

/**
 * A Deployment’s controller scales the ReplicaSets of before down by updates. To refuse that would keep the pods of images
 * that are not trusted any more, where somebody is about to replace them; and a pod that is made is verified in any case.
 */
function getsNoMorePods({ request }: FoundSites): boolean {
  if (request.kind.kind !== 'ReplicaSet') return false;
  const before = replicasOf(request.oldObject);
  const now = replicasOf(request.object);
  return before !== undefined && now !== undefined && now <= before;
}

/** As the API server fills it in: always a number. */
function replicasOf(object: ForeignObject | undefined): number | undefined {
  const spec = object?.['spec'];
  const replicas = isForeignObject(spec) ? spec['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : undefined;
}

import { isDigest } from '#image-ref';

import { isForeignObject } from './foreign-json.js';
import { UnchangedGround } from './ground.js';
import type { FoundSites, ImageSite, ImageSites, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { podSpecOf, readImages } from './pod-spec-images.js';
import { workloadKind } from './workload-kind.js';

/**
 * The sites that an UPDATE leaves as they are, each judged `unchanged` (design rule 2): the same container of the same
 * list with the same bytes. On a Pod always; on a template where the feature is on and the reference has a digest, or
 * where the old object is being deleted and no image of it changes.
 */
export function unchangedSites(
  sites: ImageSites,
  options: { readonly automaticUnchangedApproval: boolean },
): ReadonlyMap<SiteId, SiteJudgement> {
  const judgements = new Map<SiteId, SiteJudgement>();
  if (sites.kind !== 'found' || sites.request.operation !== 'UPDATE') return judgements;
  const leaving = !sites.isPod && isBeingDeleted(sites) && sameImages(sites);
  if (!sites.isPod && !leaving && !options.automaticUnchangedApproval) return judgements;
  const unchanged = comparison(sites);
  for (const site of sites.sites) {
    const mayPass = sites.isPod || leaving || isPinned(site);
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
  const before = byName(oldSites(sites));
  const now = byName(sites.sites);
  const has = (site: ImageSite): boolean => {
    const key = keyOf(site);
    const old = key === undefined ? undefined : before.get(key);
    return (
      key !== undefined && site.image !== undefined && now.get(key) === site && old?.image === site.image
    );
  };
  return { all: before.size === sites.sites.length && sites.sites.every(has), has };
}

function oldSites({ request }: FoundSites): readonly ImageSite[] {
  const workload = workloadKind(request.kind);
  if (workload === undefined || request.oldObject === undefined) return [];
  const spec = podSpecOf(workload, request.oldObject);
  const read = spec === undefined ? undefined : readImages(workload, spec);
  return read === undefined || 'fault' in read ? [] : read.sites;
}

/** Sites by list and name; `undefined` for a name that occurs twice, because then it does not say which is which. */
function byName(sites: readonly ImageSite[]): ReadonlyMap<string, ImageSite | undefined> {
  const named = new Map<string, ImageSite | undefined>();
  for (const site of sites) {
    const key = keyOf(site);
    if (key !== undefined) named.set(key, named.has(key) ? undefined : site);
  }
  return named;
}

/** Unambiguous: no list has a slash in its name. */
function keyOf(site: ImageSite): string | undefined {
  return site.name === undefined ? undefined : `${site.list}/${site.name}`;
}

function isPinned({ image }: ImageSite): boolean {
  const at = image?.lastIndexOf('@') ?? -1;
  return image !== undefined && at > 0 && isDigest(image.slice(at + 1));
}

/** Of the old object only: a user can write the field into a new one (K22). */
function isBeingDeleted({ request }: FoundSites): boolean {
  const metadata = request.oldObject?.['metadata'];
  return isForeignObject(metadata) && typeof metadata['deletionTimestamp'] === 'string';
}

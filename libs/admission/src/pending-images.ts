import type { ImageSites, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';

/** The distinct images that still need a verdict, each with all the sites that it is for. */
export function pendingImages(
  sites: ImageSites,
  judged: ReadonlyMap<SiteId, SiteJudgement>,
): ReadonlyMap<string, readonly SiteId[]> {
  const pending = new Map<string, SiteId[]>();
  if (sites.kind !== 'found') return pending;
  for (const { id, image } of sites.sites) {
    if (image === undefined || judged.has(id)) continue;
    const ids = pending.get(image);
    if (ids === undefined) pending.set(image, [id]);
    else ids.push(id);
  }
  return pending;
}

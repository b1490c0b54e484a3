import type { ImageSites, SiteId, SiteJudgement } from '#admission';

/**
 * Fills in the judgements that are missing, each distinct image once, all at the same time. Undefined where they are all
 * there now, because every image was remembered: the hot path waits for nothing.
 */
export function judgeSites(
  sites: ImageSites,
  judgements: Map<SiteId, SiteJudgement>,
  judge: (image: string) => SiteJudgement | Promise<SiteJudgement>,
): Promise<unknown> | undefined {
  if (sites.kind !== 'found') return undefined;
  const waiting: Promise<void>[] = [];
  const asked = new Map<string, SiteJudgement | Promise<SiteJudgement>>();
  for (const { id, image } of sites.sites) {
    if (image === undefined || judgements.has(id)) continue;
    const judgement = asked.get(image) ?? judge(image);
    asked.set(image, judgement);
    if (judgement instanceof Promise) waiting.push(judgement.then((value) => void judgements.set(id, value)));
    else judgements.set(id, judgement);
  }
  return waiting.length === 0 ? undefined : Promise.all(waiting);
}

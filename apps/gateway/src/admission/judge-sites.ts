import type { ImageSites, SiteId, SiteJudgement } from '#admission';

/**
 * Fills in the judgements that are missing, each distinct image once, all at the same time. Images that are remembered
 * cost no waiting.
 */
export async function judgeSites(
  sites: ImageSites,
  judgements: Map<SiteId, SiteJudgement>,
  judge: (image: string) => SiteJudgement | Promise<SiteJudgement>,
): Promise<void> {
  if (sites.kind !== 'found') return;
  const waiting: Promise<void>[] = [];
  const asked = new Map<string, SiteJudgement | Promise<SiteJudgement>>();
  for (const { id, image } of sites.sites) {
    if (image === undefined || judgements.has(id)) continue;
    const judgement = asked.get(image) ?? judge(image);
    asked.set(image, judgement);
    if (judgement instanceof Promise) waiting.push(judgement.then((value) => void judgements.set(id, value)));
    else judgements.set(id, judgement);
  }
  if (waiting.length > 0) await Promise.all(waiting);
}

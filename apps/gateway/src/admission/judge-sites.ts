import { type ImageSites, pendingImages, type SiteId, type SiteJudgement } from '#admission';

/**
 * Fills in the judgements that are missing, each distinct image once, all at the same time. Undefined where they are all
 * there now, because every image was remembered: the hot path waits for nothing.
 */
export function judgeSites(
  sites: ImageSites,
  judgements: Map<SiteId, SiteJudgement>,
  judge: (image: string) => SiteJudgement | Promise<SiteJudgement>,
): Promise<unknown> | undefined {
  const waiting: Promise<void>[] = [];
  for (const [image, ids] of pendingImages(sites, judgements)) {
    const fill = (judgement: SiteJudgement): void => {
      for (const id of ids) judgements.set(id, judgement);
    };
    const judgement = judge(image);
    if (judgement instanceof Promise) waiting.push(judgement.then(fill));
    else fill(judgement);
  }
  return waiting.length === 0 ? undefined : Promise.all(waiting);
}

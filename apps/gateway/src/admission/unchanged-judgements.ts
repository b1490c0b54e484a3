import { type ImageSites, type SiteId, type SiteJudgement, unchangedSites } from '#admission';

import type { Revision } from '../revision.js';
import { judgedByRule } from './image-judge.js';

/**
 * What an UPDATE leaves as it is. Rule and validator are named for people and metrics, though nothing was asked of them.
 */
export function unchangedJudgements(sites: ImageSites, revision: Revision): Map<SiteId, SiteJudgement> {
  const judgements = new Map(unchangedSites(sites, revision.configuration.features));
  if (judgements.size === 0 || sites.kind !== 'found') return judgements;
  for (const { id, image } of sites.sites) {
    const judgement = judgements.get(id);
    if (judgement === undefined || image === undefined) continue;
    judgements.set(id, { ...judgement, ...judgedByRule(image, sites.request.namespace, revision) });
  }
  return judgements;
}

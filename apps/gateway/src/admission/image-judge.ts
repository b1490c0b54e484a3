import { judgementOf, type SiteJudgement } from '#admission';
import type { Verdict } from '#contracts';
import { ImageReferenceError } from '#image-ref';

import type { Deadline } from '../deadline.js';
import type { GovernedImage, Revision } from '../revision.js';
import type { VerdictService } from '../verdicts/verdict-service.js';

/** A written image to its judgement under a configuration: by its rule, and by a verdict where the rule wants proof. */
export class ImageJudge {
  readonly #verdicts: VerdictService;

  constructor(verdicts: VerdictService) {
    this.#verdicts = verdicts;
  }

  /** At once where the answer is known or needs no look; otherwise by the deadline. Does not reject. */
  judge(text: string, revision: Revision, deadline: Deadline): SiteJudgement | Promise<SiteJudgement> {
    const governed = revision.govern(text);
    switch (governed.kind) {
      case 'malformed':
        return malformed(governed.error);
      case 'no-rule':
        return { outcome: 'refused', code: 'CNS-1001' };
      case 'governed':
        return this.#judgeGoverned(governed, revision, deadline);
    }
  }

  #judgeGoverned(
    governed: Extract<GovernedImage, { kind: 'governed' }>,
    revision: Revision,
    deadline: Deadline,
  ): SiteJudgement | Promise<SiteJudgement> {
    const { image, bound, question } = governed;
    const { rule, validator } = bound;
    const about = {
      reference: image,
      mode: rule.with.mode,
      rule: { index: rule.index, pattern: rule.pattern },
      validator,
    };
    if (bound.kind === 'fault') return { ...about, outcome: 'undecided', code: 'CNS-3001' };
    if (bound.check.ground === 'static') {
      return revision.engine
        .verify(image, bound, deadline.signal)
        .then((verdict) => judgementOf(verdict, about));
    }
    const hit = this.#verdicts.cached(question, bound.check.readsTag);
    // Evidence goes on the decision stream once, with the admission that had it worked out.
    if (hit !== undefined)
      return judgementOf(withoutEvidence(hit), { ...about, cached: true, evidence: undefined });
    return this.#verdicts
      .verdict(question, bound, revision.configuration.features.cache, deadline)
      .then(({ verdict, cached }) =>
        judgementOf(cached ? withoutEvidence(verdict) : verdict, { ...about, cached }),
      );
  }
}

function malformed(error: unknown): SiteJudgement {
  const expected = error instanceof ImageReferenceError ? error.message : undefined;
  return { outcome: 'refused', code: 'CNS-1010', found: expected };
}

function withoutEvidence(verdict: Verdict): Verdict {
  return verdict.evidence.length === 0 ? verdict : { ...verdict, evidence: [] };
}

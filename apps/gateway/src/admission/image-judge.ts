import { type JudgedBy, judgementOf, type SiteJudgement } from '#admission';
import type { Verdict } from '#contracts';
import { ImageReferenceError } from '#image-ref';

import type { Deadline } from '../deadline.js';
import type { GovernedImage, Revision } from '../revision.js';
import type { VerdictService } from '../verdicts/verdict-service.js';

/** A written image in a namespace to its judgement under a configuration: by its rule, and by a verdict where the rule wants proof. */
export class ImageJudge {
  readonly #verdicts: Pick<VerdictService, 'cached' | 'verdict'>;
  /** What the remembered verdict of an image means for it; worked out once for each verdict. */
  readonly #hits = new WeakMap<Governed, { readonly verdict: Verdict; readonly judgement: SiteJudgement }>();

  constructor(verdicts: Pick<VerdictService, 'cached' | 'verdict'>) {
    this.#verdicts = verdicts;
  }

  /** At once where the answer is known or needs no look; otherwise by the deadline. Does not reject. */
  judge(
    text: string,
    namespace: string,
    revision: Revision,
    deadline: Deadline,
  ): SiteJudgement | Promise<SiteJudgement> {
    const governed = revision.govern(text, namespace);
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
    governed: Governed,
    revision: Revision,
    deadline: Deadline,
  ): SiteJudgement | Promise<SiteJudgement> {
    const { image, bound, question, key } = governed;
    if (bound.kind === 'fault') {
      return { ...judgedBy(bound), outcome: 'undecided', code: 'CNS-3001', found: bound.fault.message };
    }
    if (bound.check.ground !== 'static') {
      const hit = this.#verdicts.cached(key);
      if (hit !== undefined) return this.#remembered(governed, hit);
    }
    const about = aboutOf(governed);
    if (bound.check.ground === 'static') {
      return revision.engine
        .verify(image, bound, deadline.signal)
        .then((verdict) => judgementOf(verdict, about));
    }
    return this.#verdicts
      .verdict(question, bound, revision.configuration.features.cache, deadline)
      .then(({ verdict, fresh }) =>
        // Evidence goes on the decision stream once, with the admission that had it worked out.
        judgementOf(verdict, { ...about, cached: false, ...(fresh ? {} : { evidence: undefined }) }),
      );
  }

  #remembered(governed: Governed, verdict: Verdict): SiteJudgement {
    const known = this.#hits.get(governed);
    if (known?.verdict === verdict) return known.judgement;
    const judgement = judgementOf(verdict, { ...aboutOf(governed), cached: true, evidence: undefined });
    this.#hits.set(governed, { verdict, judgement });
    return judgement;
  }
}

type Governed = Extract<GovernedImage, { kind: 'governed' }>;

function aboutOf({ image, bound }: Governed): Parameters<typeof judgementOf>[1] {
  return { reference: image, mode: bound.rule.with.mode, ...judgedBy(bound) };
}

/** Rule and validator of an image that is governed by one, also where nothing has to be proven. */
export function judgedByRule(text: string, namespace: string, revision: Revision): JudgedBy {
  const governed = revision.govern(text, namespace);
  return governed.kind === 'governed' ? judgedBy(governed.bound) : {};
}

function judgedBy({ rule, validator }: Governed['bound']): Required<Pick<JudgedBy, 'rule' | 'validator'>> {
  const { index, pattern, insecureDetectOnly } = rule;
  const named = insecureDetectOnly === true ? { index, pattern, insecureDetectOnly } : { index, pattern };
  return { rule: named, validator };
}

function malformed(error: unknown): SiteJudgement {
  const found = error instanceof ImageReferenceError ? error.message : undefined;
  return { outcome: 'refused', code: 'CNS-1010', found };
}

import { type JudgedBy, judgementOf, type SiteJudgement } from '#admission';
import type { Verdict } from '#contracts';
import { ImageReferenceError } from '#image-ref';
import type { PullCredential } from '#registry';
import { questionKey, scopedTrustRevision } from '#verification';

import type { Deadline } from '../deadline.js';
import type { GovernedImage, Revision } from '../revision.js';
import type { ServedVerdict, VerdictService } from '../verdicts/verdict-service.js';
import { withPullSecrets } from './brought-along.js';
import type { WorkloadCredentials } from './workload-credentials.js';

/** A written image in a namespace to its judgement under a configuration: by its rule, and by a verdict where the rule wants proof. */
export class ImageJudge {
  readonly #verdicts: Pick<VerdictService, 'cached' | 'verdict'>;
  /** What the remembered verdict of an image means for it; worked out once for each verdict. */
  readonly #hits = new WeakMap<Governed, { readonly verdict: Verdict; readonly judgement: SiteJudgement }>();

  constructor(verdicts: Pick<VerdictService, 'cached' | 'verdict'>) {
    this.#verdicts = verdicts;
  }

  /**
   * At once where the answer is known or needs no look; otherwise by the deadline. `pull` is what the workload brings along
   * for its images, where it may. Does not reject.
   */
  judge(
    text: string,
    namespace: string,
    revision: Revision,
    deadline: Deadline,
    pull?: Pick<WorkloadCredentials, 'for'>,
  ): SiteJudgement | Promise<SiteJudgement> {
    const governed = revision.govern(text, namespace);
    switch (governed.kind) {
      case 'malformed':
        return malformed(governed.error);
      case 'no-rule':
        return { outcome: 'refused', code: 'CNS-1001' };
      case 'governed':
        return this.#judgeGoverned(governed, revision, deadline, pull);
    }
  }

  #judgeGoverned(
    governed: Governed,
    revision: Revision,
    deadline: Deadline,
    pull: Pick<WorkloadCredentials, 'for'> | undefined,
  ): SiteJudgement | Promise<SiteJudgement> {
    const { image, bound, key } = governed;
    if (bound.kind === 'fault') {
      return { ...judgedBy(bound), outcome: 'undecided', code: 'CNS-3001', found: bound.fault.message };
    }
    if (bound.check.ground !== 'static') {
      const mayPull = pull !== undefined && revision.engine.lacksCredentials(image, bound);
      const hit = this.#verdicts.cached(key);
      // What was refused without the workload's credentials may be there with them.
      if (hit !== undefined && (!mayPull || hit.outcome === 'admitted'))
        return this.#remembered(governed, hit);
      if (mayPull) return this.#judgePulled(governed, revision, deadline, pull);
    }
    const about = aboutOf(governed);
    if (bound.check.ground === 'static') {
      return revision.engine
        .verify(image, bound, deadline.signal)
        .then((verdict) => judgementOf(verdict, about));
    }
    return this.#look(governed, revision, deadline).then((served) => judged(served, about));
  }

  /** With a credential of the workload it is a question of its own; without one the same as anybody's. */
  async #judgePulled(
    governed: Governed,
    revision: Revision,
    deadline: Deadline,
    pull: Pick<WorkloadCredentials, 'for'>,
  ): Promise<SiteJudgement> {
    const brought = await pull.for(governed.image, deadline);
    const scoped = withCredential(governed, brought.credential);
    const hit = this.#verdicts.cached(scoped.key);
    if (hit?.outcome === 'admitted') return this.#remembered(scoped, hit);
    if (hit !== undefined && brought.credential !== undefined) {
      return judged({ verdict: withPullSecrets(hit, brought), fresh: false }, aboutOf(governed));
    }
    const { verdict, fresh } = await this.#look(scoped, revision, deadline);
    return judged({ verdict: withPullSecrets(verdict, brought), fresh }, aboutOf(governed));
  }

  async #look({ question, bound }: Governed, revision: Revision, deadline: Deadline): Promise<ServedVerdict> {
    return await this.#verdicts.verdict(question, bound, revision.configuration.features.cache, deadline);
  }

  #remembered(governed: Governed, verdict: Verdict): SiteJudgement {
    const known = this.#hits.get(governed);
    if (known?.verdict === verdict) return known.judgement;
    const judgement = judgementOf(verdict, { ...aboutOf(governed), cached: true, evidence: undefined });
    this.#hits.set(governed, { verdict, judgement });
    return judgement;
  }
}

/** Evidence goes on the decision stream once, with the admission that had it worked out. */
function judged({ verdict, fresh }: ServedVerdict, about: Parameters<typeof judgementOf>[1]): SiteJudgement {
  return judgementOf(verdict, { ...about, cached: false, ...(fresh ? {} : { evidence: undefined }) });
}

function withCredential(governed: Governed, pull: PullCredential | undefined): Governed {
  if (pull === undefined) return governed;
  const { bound } = governed;
  const trustRevision = scopedTrustRevision(governed.question.trustRevision, pull.scopeId);
  const question = { ...governed.question, trustRevision, pull };
  return {
    ...governed,
    question,
    key: questionKey(question, bound.kind === 'check' && bound.check.readsTag),
  };
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

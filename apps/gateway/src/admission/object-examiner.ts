import {
  type AdmissionReviewRequest,
  findImageSites,
  pullSecretNames,
  type ImageSites,
  type SiteId,
  type SiteJudgement,
} from '#admission';

import type { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import type { ChildApproval } from './child-approval.js';
import type { ImageJudge } from './image-judge.js';
import { judgeSites } from './judge-sites.js';
import { unchangedJudgements } from './unchanged-judgements.js';
import { type PullSecretReader, WorkloadCredentials } from './workload-credentials.js';

/** The images of an object, and what was found out about each. */
export interface Examination {
  readonly sites: ImageSites;
  readonly judgements: ReadonlyMap<SiteId, SiteJudgement>;
  /** Until then judgements are missing. Undefined where they are all there: the hot path waits for nothing. */
  readonly pending: Promise<unknown> | undefined;
}

export interface ExaminerOptions {
  readonly judge: Pick<ImageJudge, 'judge'>;
  /** Absent: every image of a child is verified. */
  readonly children?: Pick<ChildApproval, 'approve'> | undefined;
  /** Absent: no workload's pull secrets are used. */
  readonly pullSecrets?: PullSecretReader | undefined;
}

/** Finds the images of a request and judges each: what did not change, what an owner vouches for, and the rest. */
export class ObjectExaminer {
  readonly #options: ExaminerOptions;

  constructor(options: ExaminerOptions) {
    this.#options = options;
  }

  examine(
    request: AdmissionReviewRequest,
    isIgnored: boolean,
    revision: Revision,
    deadline: Deadline,
  ): Examination {
    const sites = findImageSites(request, { imageDrivers: revision.imageDrivers, isIgnored });
    const judgements = unchangedJudgements(sites, revision);
    const pull = this.#credentialsOf(request, revision);
    const rest = (): Promise<unknown> | undefined =>
      judgeSites(sites, judgements, (image) =>
        this.#options.judge.judge(image, request.namespace, revision, deadline, pull),
      );
    const vouching = this.#options.children?.approve(sites, judgements, revision, deadline);
    return { sites, judgements, pending: vouching === undefined ? rest() : vouching.then(rest) };
  }

  /** What the workload brings along, if its namespace opted in and it names something. */
  #credentialsOf(request: AdmissionReviewRequest, revision: Revision): WorkloadCredentials | undefined {
    const { pullSecrets } = this.#options;
    if (pullSecrets === undefined || !revision.readsPullSecrets(request.namespace)) return undefined;
    const wanted = pullSecretNames(request);
    if (wanted.names.length === 0 && wanted.serviceAccount === undefined) return undefined;
    return new WorkloadCredentials(request.namespace, wanted, pullSecrets);
  }
}

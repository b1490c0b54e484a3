import {
  admittedWorkload,
  childSites,
  ControllerOwner,
  type Decision,
  type ForeignObject,
  type FoundSites,
  type GovernedBy,
  type ImageSites,
  pinnedDigest,
  type SiteId,
  type SiteJudgement,
} from '#admission';
import type { AdmittedWorkloads } from '#bus';

import type { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import { judgedByRule } from './image-judge.js';

/** Reads the owner that a controller claims, as it is now; nothing where it cannot be had. Never rejects. */
export type FindOwner = (owner: ControllerOwner, signal: AbortSignal) => Promise<ForeignObject | undefined>;

/** What became of a claim; for metrics. */
export type ChildEvent = 'approved' | 'no-record' | 'no-owner' | 'no-match';

export interface ChildApprovalOptions {
  readonly records: AdmittedWorkloads;
  readonly findOwner: FindOwner;
  /** True where a verdict for this key is in memory: there is nothing to save then. */
  readonly isRemembered: (key: string) => boolean;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly observe: (event: ChildEvent) => void;
  readonly onFault: (error: unknown) => void;
}

/** A look that takes longer than this saves nothing: the image is verified instead, ms. */
const LOOK_MS = 500;
/** Of what is left of an admission, the part that may be spent on a shortcut. */
const SHARE = 0.25;

/**
 * Admits what a built-in controller makes from an object that we admitted, without proving the same again (design rule
 * 2, *child*). Whatever is missing or cannot be had means that there is no shortcut, and never an admission.
 */
export class ChildApproval {
  readonly #options: ChildApprovalOptions;

  constructor(options: ChildApprovalOptions) {
    this.#options = options;
  }

  /**
   * Adds the sites that an admitted owner vouches for to what is judged already. Nothing to wait for where there is no
   * claim, or where nothing would have to be proven anyway.
   */
  approve(
    sites: ImageSites,
    judgements: Map<SiteId, SiteJudgement>,
    revision: Revision,
    deadline: Deadline,
  ): Promise<void> | undefined {
    if (sites.kind !== 'found' || !isOn(revision)) return undefined;
    const owner = ControllerOwner.of(sites.request);
    if (owner === undefined || !this.#hasWork(sites, judgements, revision)) return undefined;
    return this.#approve(sites, owner, judgements, revision, deadline);
  }

  /** Keeps what was admitted with proof, for what its controller makes of it. For `/validate`; does not wait, never throws. */
  remember(decision: Decision, revision: Revision): void {
    if (!isOn(revision)) return;
    const governedBy = governing(revision, decision.request.namespace);
    const workload = admittedWorkload(decision, governedBy, this.#options.now());
    if (workload !== undefined) this.#options.records.put(workload).catch(this.#options.onFault);
  }

  async #approve(
    sites: FoundSites,
    owner: ControllerOwner,
    judgements: Map<SiteId, SiteJudgement>,
    revision: Revision,
    deadline: Deadline,
  ): Promise<void> {
    const ms = Math.ceil(Math.min(LOOK_MS, deadline.remainingMs() * SHARE));
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(ms)]);
    try {
      const found = await this.#look(sites, owner, revision, signal);
      if (typeof found === 'string') return this.#options.observe(found);
      for (const [id, judgement] of found) if (!judgements.has(id)) judgements.set(id, judgement);
      this.#options.observe(found.size > 0 ? 'approved' : 'no-match');
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  async #look(
    sites: FoundSites,
    owner: ControllerOwner,
    revision: Revision,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<SiteId, SiteJudgement> | 'no-record' | 'no-owner'> {
    // Our own record first: without one the API server need not be asked.
    const record = await this.#options.records.get(owner, signal);
    if (record === undefined) return 'no-record';
    const live = await this.#options.findOwner(owner, signal);
    if (live === undefined) return 'no-owner';
    const governedBy = governing(revision, owner.namespace);
    const approved = childSites(sites, { owner, live, record }, governedBy, this.#options.now());
    return new Map(
      sites.sites.flatMap(({ id, image }): [SiteId, SiteJudgement][] => {
        const judgement = approved.get(id);
        if (judgement === undefined || image === undefined) return [];
        return [[id, { ...judgement, ...judgedByRule(image, owner.namespace, revision) }]];
      }),
    );
  }

  /** True where an image with a digest would have to be verified now. */
  #hasWork(
    { sites, request }: FoundSites,
    judgements: ReadonlyMap<SiteId, SiteJudgement>,
    revision: Revision,
  ): boolean {
    return sites.some(({ id, image }) => {
      if (image === undefined || judgements.has(id) || pinnedDigest(image) === undefined) return false;
      const governed = revision.govern(image, request.namespace);
      if (governed.kind !== 'governed' || governed.bound.kind !== 'check') return false;
      return governed.bound.check.ground === 'verified' && !this.#options.isRemembered(governed.key);
    });
  }
}

/** P03: where only Pods are enforced, no template was, and none can vouch. */
function isOn({ configuration: { features } }: Revision): boolean {
  return features.automaticChildApproval && features.resourceValidationMode !== 'podsOnly';
}

/** The rules that want a proof; what a static rule says needs no owner's word. */
function governing(revision: Revision, namespace: string): GovernedBy {
  return (image) => {
    const governed = revision.govern(image, namespace);
    if (governed.kind !== 'governed' || governed.bound.kind !== 'check') return undefined;
    if (governed.bound.check.ground !== 'verified') return undefined;
    return { rule: governed.question.rule, trustRevision: governed.question.trustRevision };
  };
}

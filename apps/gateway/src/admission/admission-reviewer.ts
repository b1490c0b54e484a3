import {
  type AdmissionReviewRequest,
  decide,
  type Decision,
  denyRequest,
  effectiveMode,
  findImageSites,
  type ImageSites,
  parseAdmissionReview,
  renderAnswer,
  renderReviewError,
  ReviewError,
  type SiteId,
  type SiteJudgement,
  unchangedSites,
  withhold,
} from '#admission';
import type { DecisionLog } from '#bus';
import type { DecisionRecord, Phase } from '#contracts';

import { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import type { ReviewAnswer, ReviewCall } from '../webhook/webhook-server.js';
import { decisionRecord, invalidRecord, type RecordedBy } from './decision-record.js';
import type { ImageJudge } from './image-judge.js';
import { MandatoryAlerts } from './mandatory-alerts.js';

/** More reviews than this at once are answered with an undecided denial at once: waiting would help nobody. */
const MAX_IN_FLIGHT = 2_000;

export interface ReviewerOptions {
  /** The configuration in force; asked once for each review. */
  readonly revision: () => Revision;
  readonly judge: ImageJudge;
  readonly decisions: DecisionLog;
  readonly mandatoryAlerts: MandatoryAlerts;
  readonly recordedBy: RecordedBy;
  readonly observe: (record: DecisionRecord, seconds: number) => void;
  readonly onFault: (error: unknown, doing: string) => void;
}

/** One admission under one configuration, as far as it has come. */
interface Admission {
  readonly request: AdmissionReviewRequest;
  readonly revision: Revision;
  readonly phase: Phase;
  readonly deadline: Deadline;
  readonly started: number;
}

/**
 * An admission from bytes to answer: parse, find the images, see what did not change, judge the rest, decide, tell,
 * answer. Every path that is not `decide`'s allow denies.
 */
export class AdmissionReviewer {
  readonly #options: ReviewerOptions;
  #inFlight = 0;

  constructor(options: ReviewerOptions) {
    this.#options = options;
  }

  /** The answer for one body; never throws. */
  async review(body: Uint8Array, { phase, timeoutMs }: ReviewCall): Promise<ReviewAnswer> {
    const started = performance.now();
    const deadline = new Deadline(timeoutMs);
    this.#inFlight += 1;
    try {
      const revision = this.#options.revision();
      const request = parseAdmissionReview(body);
      const admission: Admission = { request, revision, phase, deadline, started };
      return await this.#conclude(admission, await this.#decide(admission));
    } catch (error) {
      return this.#refuseUnreadable(error, phase, started);
    } finally {
      this.#inFlight -= 1;
      deadline.release();
    }
  }

  async #decide(admission: Admission): Promise<Decision> {
    const { request, revision, phase, deadline } = admission;
    const { features } = revision.configuration;
    const mode = effectiveMode(request, features);
    if (this.#inFlight > MAX_IN_FLIGHT) return denyRequest(request, 'CNS-3002', mode);
    try {
      const sites = findImageSites(request);
      const judgements = new Map<SiteId, SiteJudgement>(unchangedSites(sites, features));
      await this.#judge(sites, judgements, revision, deadline);
      return decide(sites, judgements, { phase, mode, timedOut: deadline.signal.aborted });
    } catch (error) {
      this.#options.onFault(error, 'deciding');
      return denyRequest(request, 'CNS-3004', mode);
    }
  }

  /** Fills in the judgements that are missing; images that are remembered cost no waiting. */
  async #judge(
    sites: ImageSites,
    judgements: Map<SiteId, SiteJudgement>,
    revision: Revision,
    deadline: Deadline,
  ): Promise<void> {
    if (sites.kind !== 'found') return;
    const waiting: Promise<void>[] = [];
    const asked = new Map<string, SiteJudgement | Promise<SiteJudgement>>();
    for (const { id, image } of sites.sites) {
      if (image === undefined || judgements.has(id)) continue;
      const known = asked.get(image);
      const judgement = known ?? this.#options.judge.judge(image, revision, deadline);
      if (known === undefined) asked.set(image, judgement);
      if (judgement instanceof Promise)
        waiting.push(judgement.then((value) => void judgements.set(id, value)));
      else judgements.set(id, judgement);
    }
    if (waiting.length > 0) await Promise.all(waiting);
  }

  /** What an answer may hang on (mandatory alerts, strict decisions), the record, and the answer itself. */
  async #conclude(admission: Admission, judged: Decision): Promise<ReviewAnswer> {
    const { revision, deadline } = admission;
    const { alerting, features } = revision.configuration;
    let decision = judged;
    let record = this.#record(admission, decision);
    if (MandatoryAlerts.concern(alerting)) {
      const missed = await this.#options.mandatoryAlerts.deliver(alerting, record, deadline);
      if (missed.length > 0 && record.allowed) {
        decision = withhold(decision, 'CNS-3003');
        record = this.#record(admission, decision);
      }
    }
    const written = this.#options.decisions.append(record, { urgent: features.decisions === 'strict' });
    if (features.decisions === 'strict' && record.allowed) {
      // The denial that follows could not be written either; it is counted by the log and in the metrics.
      const durable = await settled(written, deadline);
      if (!durable) decision = denyRequest(admission.request, 'CNS-3004', 'enforce');
    } else {
      written.catch(() => undefined);
    }
    this.#options.observe(record, (performance.now() - admission.started) / 1000);
    return json(200, renderAnswer(decision, { revision: revision.configuration.revision }));
  }

  #record(admission: Admission, decision: Decision): DecisionRecord {
    const { revision, phase, started } = admission;
    const by = { ...this.#options.recordedBy, revision: revision.configuration.revision };
    return decisionRecord(decision, phase, by, performance.now() - started);
  }

  #refuseUnreadable(error: unknown, phase: Phase, started: number): ReviewAnswer {
    const known = error instanceof ReviewError ? error : undefined;
    if (known === undefined) this.#options.onFault(error, 'reviewing');
    const { revision } = this.#options.revision().configuration;
    const record = invalidRecord(
      known,
      phase,
      { ...this.#options.recordedBy, revision },
      performance.now() - started,
    );
    this.#options.decisions.append(record).catch(() => undefined);
    this.#options.observe(record, (performance.now() - started) / 1000);
    if (known === undefined) return text(500, 'internal fault');
    const answer = renderReviewError(known);
    return answer.status === 200 ? json(200, answer.answer) : text(answer.status, answer.text);
  }
}

async function settled(written: Promise<void>, deadline: Deadline): Promise<boolean> {
  const gaveUp = new Promise<false>((resolve) => {
    deadline.signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  return await Promise.race([
    written.then(
      () => true,
      () => false,
    ),
    gaveUp,
  ]);
}

function json(status: number, body: object): ReviewAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

function text(status: number, message: string): ReviewAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${message}\n` };
}

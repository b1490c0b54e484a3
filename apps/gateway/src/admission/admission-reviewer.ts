import {
  type AdmissionReviewRequest,
  decide,
  type Decision,
  denyRequest,
  effectiveMode,
  type Mode,
  parseAdmissionReview,
  renderAnswer,
  ReviewError,
  withhold,
} from '#admission';
import type { DecisionRecord, Phase } from '#contracts';

import { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import type { ReviewAnswer, ReviewCall } from '../webhook/webhook-server.js';
import { durably } from './durably.js';
import { json, refusalOf, text } from '../webhook/http-answer.js';
import { decisionRecord, invalidRecord, RecordWriters } from './decision-record.js';
import { MandatoryAlerts } from './mandatory-alerts.js';
import { standingOf } from './namespace-standing.js';
import type { ReviewerOptions } from './reviewer-options.js';
import { TellingLimit } from './telling-limit.js';

/** More reviews than this at once are answered with an undecided denial at once: waiting would help nobody. */
const MAX_IN_FLIGHT = 2_000;

/** A review on its way, under one configuration from start to end (rule 8). */
interface Passage {
  readonly revision: Revision;
  readonly phase: Phase;
  readonly deadline: Deadline;
  readonly started: number;
}

/** One that could be read. */
interface Admission extends Passage {
  readonly request: AdmissionReviewRequest;
  readonly mode: Mode;
  readonly isIgnored: boolean;
}

/**
 * An admission from bytes to answer: parse, find the images, see what did not change, judge the rest, decide, tell,
 * answer. Every path that is not `decide`'s allow denies.
 */
export class AdmissionReviewer {
  readonly #options: ReviewerOptions;
  #inFlight = 0;
  readonly #writers: RecordWriters;
  readonly #tellings = new TellingLimit();

  constructor(options: ReviewerOptions) {
    this.#options = options;
    this.#writers = new RecordWriters(options.recordedBy);
  }

  /** The answer for one body; never throws. */
  async review(body: Uint8Array, { phase, timeoutMs, receivedAt }: ReviewCall): Promise<ReviewAnswer> {
    const deadline = new Deadline(timeoutMs, receivedAt);
    this.#inFlight += 1;
    try {
      const passage = { revision: this.#options.revision(), phase, deadline, started: receivedAt };
      return await this.#pass(body, passage);
    } catch (error) {
      // Not even a denial could be made: the API server takes an answer that is none for a failed webhook.
      this.#options.onFault(error, 'reviewing');
      return text(500, 'internal fault');
    } finally {
      this.#inFlight -= 1;
      deadline.release();
    }
  }

  async #pass(body: Uint8Array, passage: Passage): Promise<ReviewAnswer> {
    let request: AdmissionReviewRequest;
    try {
      request = parseAdmissionReview(body);
    } catch (error) {
      return await this.#refuseUnreadable(error, passage);
    }
    const asked = standingOf(request.namespace, passage, this.#options);
    const standing = asked instanceof Promise ? await asked : asked;
    const mode = effectiveMode(request, passage.revision.configuration.features, standing);
    const admission: Admission = { ...passage, request, mode, isIgnored: standing.isIgnored };
    try {
      return await this.#conclude(admission, await this.#decide(admission));
    } catch (error) {
      this.#options.onFault(error, 'answering a review');
      return this.#answer(admission, denyRequest(request, 'CNS-3004', mode));
    }
  }

  async #decide({ request, revision, phase, deadline, mode, isIgnored }: Admission): Promise<Decision> {
    if (this.#inFlight > (this.#options.maxInFlight ?? MAX_IN_FLIGHT)) {
      return denyRequest(request, 'CNS-3002', mode);
    }
    try {
      const { sites, judgements, pending } = this.#options.examiner.examine(
        request,
        isIgnored,
        revision,
        deadline,
      );
      if (pending !== undefined) await pending;
      const decision = decide(sites, judgements, { phase, mode, timedOut: deadline.isOver() });
      // J21: whoever asked has gone; an admission that nobody hears must not be on record as one.
      const isLate = decision.kind === 'allow' && sites.kind === 'found' && deadline.isOver();
      return isLate ? decide(sites, new Map(), { phase, mode, timedOut: true }) : decision;
    } catch (error) {
      this.#options.onFault(error, 'deciding');
      return denyRequest(request, 'CNS-3004', mode);
    }
  }

  /** What an answer may hang on (mandatory alerts, strict decisions), the record, and the answer itself. */
  async #conclude(admission: Admission, judged: Decision): Promise<ReviewAnswer> {
    const { alerting, features } = admission.revision.configuration;
    const decision = MandatoryAlerts.concern(alerting) ? await this.#tell(admission, judged) : judged;
    const record = this.#record(admission, decision);
    if (features.decisions !== 'strict' || !record.allowed) return this.#answer(admission, decision, record);
    const written = this.#options.decisions.append(record, { urgent: true });
    if (await durably(written, admission.deadline)) return this.#rendered(admission, decision, record);
    // Strict means that no allowing answer leaves without its record, in detection mode neither. This denial is
    // appended too: the admission may yet come to the stream, and it was none.
    return this.#answer(admission, denyRequest(admission.request, 'CNS-3004', 'enforce'));
  }

  /** The decision after those had to hear of it without whom it does not hold. */
  async #tell(admission: Admission, judged: Decision): Promise<Decision> {
    const { deadline, mode } = admission;
    const { alerting } = admission.revision.configuration;
    const deliver = async (decision: Decision): Promise<readonly string[]> =>
      await this.#options.mandatoryAlerts.deliver(alerting, this.#record(admission, decision), deadline);
    const missed = await deliver(judged);
    if (missed.length === 0) return judged;
    const withheld = withhold(judged, 'CNS-3003', mode);
    // Those who want to hear of denials hear of this one, if they have not yet; nothing more hangs on it.
    if (judged.kind === 'allow') await deliver(withheld);
    return withheld;
  }

  /** Records the decision without waiting for it, and says it. */
  #answer(
    admission: Admission,
    decision: Decision,
    record: DecisionRecord = this.#record(admission, decision),
  ): ReviewAnswer {
    this.#append(record);
    return this.#rendered(admission, decision, record);
  }

  #rendered(
    { revision, phase, started }: Admission,
    decision: Decision,
    record: DecisionRecord,
  ): ReviewAnswer {
    if (phase === 'validate') this.#options.children?.remember(decision, revision);
    const answer = json(200, renderAnswer(decision, { revision: revision.configuration.revision }));
    this.#options.observe(record, (performance.now() - started) / 1000);
    return answer;
  }

  #record({ revision, phase, started }: Admission, decision: Decision): DecisionRecord {
    return decisionRecord(decision, phase, this.#writers.under(revision), performance.now() - started);
  }

  /** Losses are counted by the log itself. */
  #append(record: DecisionRecord): void {
    try {
      this.#options.decisions.append(record).catch(() => undefined);
    } catch (error) {
      this.#options.onFault(error, 'recording a decision');
    }
  }

  async #refuseUnreadable(
    error: unknown,
    { revision, phase, started, deadline }: Passage,
  ): Promise<ReviewAnswer> {
    const known = error instanceof ReviewError ? error : undefined;
    if (known === undefined) this.#options.onFault(error, 'reading a review');
    const record = invalidRecord(known, phase, this.#writers.under(revision), performance.now() - started);
    if (this.#tellings.mayTell(performance.now())) {
      const { alerting } = revision.configuration;
      if (MandatoryAlerts.concern(alerting))
        await this.#options.mandatoryAlerts.deliver(alerting, record, deadline);
      this.#append(record);
    }
    this.#options.observe(record, (performance.now() - started) / 1000);
    return known === undefined ? text(500, 'internal fault') : refusalOf(known);
  }
}

import type { Verdict } from '#contracts';
import { UndecidedError } from '#validator';
import { type Question, type VerificationEngine, verdictOf } from '#verification';

/** The gateway's own way of looking, for when the bus is silent (design rule 5). */
export abstract class LocalVerification {
  /**
   * Never throws; what cannot be done is undecided. A second opinion does not wait long behind looks that hang: whoever
   * asks for one has an answer already.
   */
  abstract verify(question: Question, signal: AbortSignal, isSecondOpinion?: boolean): Promise<Verdict>;
  /** A new configuration is in force; what is pending is answered all the same. */
  abstract renew(): void;
  abstract close(): Promise<void>;
}

/** Verifies on the caller's own thread: the cli, tests, and `standalone`, where nothing else shares the process. */
export class DirectVerification extends LocalVerification {
  readonly #engine: () => VerificationEngine;

  /** `engine` is asked for each verification, so that a new configuration takes effect at once. */
  constructor(engine: () => VerificationEngine) {
    super();
    this.#engine = engine;
  }

  override async verify(question: Question, signal: AbortSignal): Promise<Verdict> {
    const engine = this.#engine().within(question.pull);
    const bound = engine.rule(question.rule);
    // A verdict under another trust or with other credentials is no answer to this question.
    if (bound === undefined || engine.trustRevision !== question.trustRevision) return unknownRule();
    return await engine.verify(question.image, bound, signal);
  }

  override renew(): void {
    // The engine is asked for each time.
  }

  override async close(): Promise<void> {
    // Nothing to end.
  }
}

/** The rule went away while the question was on its way; the next review uses the new configuration. */
export function unknownRule(): Verdict {
  return verdictOf(
    new UndecidedError('CNS-3002', 'the configuration changed during the verification'),
    [],
    0,
  );
}

import type { VerifierAnswer } from '#bus';
import type { Verdict, VerificationRequest } from '#contracts';
import { type ImageReference, parseImageReference } from '#image-ref';
import {
  type BoundRule,
  type Question,
  questionKey,
  type SharedProofs,
  SingleFlight,
  type VerificationEngine,
  verdictOf,
} from '#verification';

/** Each flight ends with the deadline of who began it; this is for those that do not hear of it, ms. */
const FLIGHT_BUDGET_MS = 30_000;

interface Judged {
  readonly verdict: Verdict;
  /** From the shared verdicts, or another request's look. */
  readonly cached: boolean;
}

/** What a verifier remembers to tell: for metrics. */
export interface VerificationObserver {
  onVerdict(
    verdict: Verdict,
    validator: { name: string; type: string },
    cached: boolean,
    seconds: number,
  ): void;
  /** Nobody could look; told once for each look. */
  onUndecided(verdict: Extract<Verdict, { outcome: 'undecided' }>, host: string): void;
}

/** One request to one answer: from the shared verdicts of all verifiers, else by looking, once for all who ask the same. */
export class VerificationService {
  readonly #engine: () => VerificationEngine;
  readonly #shared: SharedProofs;
  readonly #observer: VerificationObserver;
  readonly #now: () => number;
  readonly #flights = new SingleFlight<Verdict>({ budgetMs: FLIGHT_BUDGET_MS });

  constructor(options: {
    engine: () => VerificationEngine;
    shared: SharedProofs;
    observer: VerificationObserver;
    now: () => number;
  }) {
    this.#engine = options.engine;
    this.#shared = options.shared;
    this.#observer = options.observer;
    this.#now = options.now;
  }

  /** Uses this process' own configuration; a question about another one is not answered. */
  async verify(request: VerificationRequest, signal: AbortSignal): Promise<VerifierAnswer> {
    const engine = this.#engine();
    const bound = engine.rule(request.rule);
    if (bound === undefined || engine.configuration.trustRevision !== request.revision) {
      return { kind: 'cannot', reason: 'revision' };
    }
    const started = performance.now();
    const image = parseImageReference(request.image);
    const { verdict, cached } = await this.#judge(engine, image, bound, signal);
    this.#observer.onVerdict(verdict, bound.validator, cached, (performance.now() - started) / 1000);
    return { kind: 'verdict', verdict };
  }

  async #judge(
    engine: VerificationEngine,
    image: ImageReference,
    bound: BoundRule,
    signal: AbortSignal,
  ): Promise<Judged> {
    // A static rule, and one that cannot be applied, asks nobody: there is nothing to share.
    if (bound.kind === 'fault' || bound.check.ground === 'static') {
      return { verdict: await this.#verify(engine, image, bound, signal), cached: false };
    }
    const { configuration, trustRevision } = engine;
    const question: Question = {
      image,
      rule: bound.rule.hash,
      revision: configuration.trustRevision,
      trustRevision,
    };
    const policy = configuration.features.cache;
    const { readsTag } = bound.check;
    const known = await this.#shared.get(question, readsTag, policy, signal);
    if (known !== undefined) return { verdict: known, cached: true };
    const look = async (): Promise<Verdict> => {
      const since = this.#now();
      const verdict = await this.#verify(engine, image, bound, signal);
      // The answer does not wait for the store, and does not depend on it. Past the deadline nothing is kept (J04).
      if (!signal.aborted) void this.#shared.put(question, readsTag, verdict, policy, since);
      return verdict;
    };
    return await this.#once(questionKey(question, readsTag), look, signal);
  }

  /** One look for all requests that ask the same now. Who joined one that came to nothing looks too, while there is time. */
  async #once(key: string, look: () => Promise<Verdict>, signal: AbortSignal): Promise<Judged> {
    let isOwn = false;
    const begin = async (): Promise<Verdict> => {
      isOwn = true;
      return await look();
    };
    try {
      const verdict = await this.#flights.join(key, begin, signal);
      if (isOwn || verdict.outcome !== 'undecided') return { verdict, cached: !isOwn };
      return { verdict: await look(), cached: false };
    } catch (error) {
      return { verdict: verdictOf(error, [], 0), cached: false };
    }
  }

  async #verify(
    engine: VerificationEngine,
    image: ImageReference,
    bound: BoundRule,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const verdict = await engine.verify(image, bound, signal);
    if (verdict.outcome === 'undecided') this.#observer.onUndecided(verdict, image.host);
    return verdict;
  }
}

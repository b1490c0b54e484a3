import type { VerifierAnswer } from '#bus';
import type { Verdict, VerificationRequest } from '#contracts';
import { type ImageReference, parseImageReference } from '#image-ref';
import type { BoundRule, Question, SharedProofs, VerificationEngine } from '#verification';

/** What a verifier remembers to tell: for metrics. */
export interface VerificationObserver {
  onVerdict(
    verdict: Verdict,
    validator: { name: string; type: string },
    cached: boolean,
    seconds: number,
  ): void;
}

/** One request to one answer: from the shared verdicts of all verifiers, else by looking. */
export class VerificationService {
  readonly #engine: () => VerificationEngine;
  readonly #shared: SharedProofs;
  readonly #observer: VerificationObserver;
  readonly #now: () => number;

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
  ): Promise<{ verdict: Verdict; cached: boolean }> {
    // A static rule, and one that cannot be applied, asks nobody: there is nothing to share.
    if (bound.kind === 'fault' || bound.check.ground === 'static') {
      return { verdict: await engine.verify(image, bound, signal), cached: false };
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
    const since = this.#now();
    const verdict = await engine.verify(image, bound, signal);
    // The answer does not wait for the store, and does not depend on it. Past the deadline nothing is kept (J04).
    if (!signal.aborted) void this.#shared.put(question, readsTag, verdict, policy, since);
    return { verdict, cached: false };
  }
}

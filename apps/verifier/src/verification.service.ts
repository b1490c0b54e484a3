import type { VerifierAnswer } from '#bus';
import type { Verdict, VerificationRequest } from '#contracts';
import { type ImageReference, parseImageReference } from '#image-ref';
import {
  type BoundRule,
  cacheEntries,
  type Question,
  questionKey,
  type VerificationEngine,
} from '#verification';

/** Verdicts that verifiers share; the part of the bus' store that is needed here. Never fails, never takes long. */
export interface SharedVerdicts {
  get(key: string, signal: AbortSignal): Promise<Verdict | undefined>;
  put(key: string, verdict: Verdict, ttlMs: number): Promise<void>;
}

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
  readonly #shared: SharedVerdicts;
  readonly #observer: VerificationObserver;
  readonly #now: () => number;

  constructor(options: {
    engine: () => VerificationEngine;
    shared: SharedVerdicts;
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
    const { configuration, trustRevision } = engine;
    const question: Question = {
      image,
      rule: bound.rule.hash,
      revision: configuration.trustRevision,
      trustRevision,
    };
    const readsTag = bound.kind === 'check' && bound.check.readsTag;
    const known = await this.#shared.get(questionKey(question, readsTag), signal);
    if (known !== undefined) return { verdict: known, cached: true };
    const verdict = await engine.verify(image, bound, signal);
    const now = this.#now();
    for (const { key, until } of cacheEntries(
      question,
      readsTag,
      verdict,
      configuration.features.cache,
      now,
    )) {
      // The answer does not wait for the store, and does not depend on it.
      void this.#shared.put(key, verdict, until - now);
    }
    return { verdict, cached: false };
  }
}

import type { Verdict } from '#contracts';
import { BusDownError, BusSilentError, type VerificationBus } from '#bus';
import { UndecidedError } from '#validator';
import {
  type BoundRule,
  cacheEntries,
  type Question,
  questionKey,
  SingleFlight,
  VerdictCache,
  verdictOf,
} from '#verification';

import type { Deadline } from '../deadline.js';
import type { LocalVerification } from './local-verification.js';

/** A flight outlives the caller that started it, but not the longest webhook budget. */
const FLIGHT_BUDGET_MS = 25_000;
/** Undecided answers of a verifier that another look from here can better; a rate limit is not among them. */
const WORTH_A_LOOK = new Set(['CNS-2003', 'CNS-2004', 'CNS-2006', 'CNS-2007', 'CNS-3002', 'CNS-3004']);

/** What the service counts; the gateway makes metrics of it. */
export interface VerdictObserver {
  onCache(result: 'hit' | 'miss'): void;
  onFallback(reason: 'down' | 'silent' | 'revision' | 'undecided'): void;
}

/** A verdict and whether it had to be worked for. */
export interface ServedVerdict {
  readonly verdict: Verdict;
  readonly cached: boolean;
}

/**
 * Verdicts for the gateway: from memory, else from a flight that is under way, else from a verifier over the bus, else
 * by looking ourselves. Whoever asks gets an answer within its deadline; *undecided* is an answer too.
 */
export class VerdictService {
  readonly #cache = new VerdictCache();
  readonly #flights = new SingleFlight<Verdict>({ budgetMs: FLIGHT_BUDGET_MS });
  readonly #bus: VerificationBus | undefined;
  readonly #local: LocalVerification;
  readonly #observer: VerdictObserver;
  readonly #now: () => number;

  constructor(options: {
    bus: VerificationBus | undefined;
    local: LocalVerification;
    observer: VerdictObserver;
    now: () => number;
  }) {
    this.#bus = options.bus;
    this.#local = options.local;
    this.#observer = options.observer;
    this.#now = options.now;
  }

  /** Synchronous on purpose: the cached admission is the hot path. */
  cached(question: Question, readsTag: boolean): Verdict | undefined {
    const verdict = this.#cache.get(questionKey(question, readsTag), this.#now());
    this.#observer.onCache(verdict === undefined ? 'miss' : 'hit');
    return verdict;
  }

  /** The verdict by the admission's deadline. */
  async verdict(
    question: Question,
    bound: BoundRule,
    policy: CachePolicy,
    deadline: Deadline,
  ): Promise<ServedVerdict> {
    const readsTag = bound.kind === 'check' && bound.check.readsTag;
    const hit = this.cached(question, readsTag);
    if (hit !== undefined) return { verdict: hit, cached: true };
    const share = deadline.remainingMs() / 2;
    try {
      const verdict = await this.#flights.join(
        questionKey(question, readsTag),
        async (signal) => {
          const fresh = await this.#look(question, share, signal);
          this.#cache.put(cacheEntries(question, readsTag, fresh, policy, this.#now()));
          return fresh;
        },
        deadline.signal,
      );
      return { verdict, cached: false };
    } catch (error) {
      return { verdict: verdictOf(error, [], 0), cached: false };
    }
  }

  /** Forgets everything, for a configuration whose trust has changed. */
  clear(): void {
    this.#cache.clear();
  }

  /** The bus first, for its share of the time; then ourselves. */
  async #look(question: Question, shareMs: number, signal: AbortSignal): Promise<Verdict> {
    if (this.#bus === undefined) return await this.#local.verify(question, signal);
    const answer = await this.#askBus(this.#bus, question, shareMs, signal);
    if (typeof answer !== 'string') {
      if (answer.outcome !== 'undecided' || !WORTH_A_LOOK.has(answer.code)) return answer;
    }
    this.#observer.onFallback(typeof answer === 'string' ? answer : 'undecided');
    const own = await this.#local.verify(question, signal);
    // Where both could not look, the verifier's words are as good as ours, and it may know more.
    return own.outcome === 'undecided' && typeof answer !== 'string' ? answer : own;
  }

  async #askBus(
    bus: VerificationBus,
    { image, rule, revision }: Question,
    shareMs: number,
    signal: AbortSignal,
  ): Promise<Verdict | 'down' | 'silent' | 'revision'> {
    try {
      const reply = await bus.ask({ image: image.toString(), rule, revision }, Math.max(50, shareMs), signal);
      if (reply.kind === 'verdict') return reply.verdict;
      if (reply.reason !== 'quarantined') return 'revision';
      return verdictOf(new UndecidedError('CNS-2008', 'the image crashed its verifier repeatedly'), [], 0);
    } catch (error) {
      if (error instanceof BusDownError) return 'down';
      if (error instanceof BusSilentError) return 'silent';
      throw error;
    }
  }
}

type CachePolicy = Parameters<typeof cacheEntries>[3];

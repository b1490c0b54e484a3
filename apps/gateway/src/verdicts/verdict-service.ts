import { BusDownError, type BusQuestion, BusSilentError, type VerificationBus } from '#bus';
import type { Verdict } from '#contracts';
import { UndecidedError } from '#validator';
import {
  type BoundRule,
  cacheEntries,
  type CachePolicy,
  type Question,
  questionKey,
  type SharedProofs,
  SingleFlight,
  VerdictCache,
  verdictOf,
} from '#verification';

import type { Deadline } from '../deadline.js';
import type { LocalVerification } from './local-verification.js';
import { isWorthALook, timeForASecondOpinion } from './worth-a-look.js';

/** A flight outlives the caller that started it, but not the longest webhook budget. */
const FLIGHT_BUDGET_MS = 25_000;
/** A question that comes in the last moment is asked all the same: its answer is for who asks next, ms. */
const LEAST_BUS_MS = 100;

/** What the service counts; the gateway makes metrics of it. */
export interface VerdictObserver {
  onCache(result: 'hit' | 'miss'): void;
  onFallback(reason: 'down' | 'silent' | 'revision' | 'undecided'): void;
  /** The bus failed in a way that it does not know. */
  onFault(error: unknown): void;
}

/** A verdict, and whether it was worked out for this caller; others get the same one without having waited for it first. */
export interface ServedVerdict {
  readonly verdict: Verdict;
  readonly fresh: boolean;
}

export interface VerdictServiceOptions {
  readonly bus: VerificationBus | undefined;
  readonly local: LocalVerification;
  /** What verifiers share, to read only: no gateway has a key to write with. */
  readonly shared?: SharedProofs;
  readonly observer: VerdictObserver;
  /** The wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly flightBudgetMs?: number;
}

/**
 * Verdicts for the gateway: from memory, else from a flight that is under way, else from a verifier over the bus, else
 * by looking ourselves. Whoever asks gets an answer within its deadline; *undecided* is an answer too.
 */
export class VerdictService {
  readonly #cache = new VerdictCache();
  readonly #flights: SingleFlight<Verdict>;
  readonly #bus: VerificationBus | undefined;
  readonly #local: LocalVerification;
  readonly #shared: SharedProofs | undefined;
  readonly #observer: VerdictObserver;
  readonly #now: () => number;
  #epoch = 0;

  constructor(options: VerdictServiceOptions) {
    this.#flights = new SingleFlight({ budgetMs: options.flightBudgetMs ?? FLIGHT_BUDGET_MS });
    this.#bus = options.bus;
    this.#local = options.local;
    this.#shared = options.shared;
    this.#observer = options.observer;
    this.#now = options.now;
  }

  /** The verdict that is remembered under this key of a question; synchronous, because it is on the hot path. */
  cached(key: string): Verdict | undefined {
    const verdict = this.#cache.get(key, this.#now());
    this.#observer.onCache(verdict === undefined ? 'miss' : 'hit');
    return verdict;
  }

  /** True where {@link cached} would have a verdict; nothing is counted. */
  isCached(key: string): boolean {
    return this.#cache.get(key, this.#now()) !== undefined;
  }

  /** The verdict by the admission's deadline, for what is not {@link cached}. Does not reject. */
  async verdict(
    question: Question,
    bound: BoundRule,
    policy: CachePolicy,
    deadline: Deadline,
  ): Promise<ServedVerdict> {
    const readsTag = bound.kind === 'check' && bound.check.readsTag;
    const asked: Asked = { question, readsTag, policy, busBudgetMs: deadline.remainingMs() };
    let fresh = false;
    try {
      const verdict = await this.#flights.join(
        questionKey(question, readsTag),
        async (signal) => {
          fresh = true;
          return await this.#fly(asked, signal);
        },
        deadline.signal,
      );
      return { verdict, fresh };
    } catch (error) {
      return { verdict: verdictOf(error, [], 0), fresh };
    }
  }

  /** Forgets everything: a new configuration may believe what it was told for a shorter time. */
  clear(): void {
    this.#epoch += 1;
    this.#cache.clear();
  }

  async #fly(asked: Asked, signal: AbortSignal): Promise<Verdict> {
    const { question, readsTag, policy } = asked;
    const [since, epoch] = [this.#now(), this.#epoch];
    const verdict = this.#held(question, await this.#look(asked, signal));
    // J04: what comes after the end of the flight, or of its configuration's time, is not kept.
    if (!signal.aborted && epoch === this.#epoch) {
      this.#cache.put(cacheEntries(question, readsTag, verdict, policy, since), this.#now());
    }
    return verdict;
  }

  /** A second look at what came from outside: an admission must be a proof, and of the digest that was asked for. */
  #held({ image }: Question, verdict: Verdict): Verdict {
    if (verdict.outcome !== 'admitted') return verdict;
    const { ground, digest } = verdict;
    if (ground === 'verified' && digest !== undefined && (image.digest ?? digest) === digest) return verdict;
    const fault = new UndecidedError('CNS-3004', 'a verdict does not answer its question');
    this.#observer.onFault(fault);
    return verdictOf(fault, [], 0);
  }

  /** The bus first, for its share of the time; then what verifiers left behind; then ourselves. */
  async #look(asked: Asked, signal: AbortSignal): Promise<Verdict> {
    const { question, readsTag, policy, busBudgetMs } = asked;
    const begun = this.#now();
    if (this.#bus === undefined) return await this.#local.verify(question, signal);
    // What an object brought along is a secret of its namespace: neither the question nor the verdict leaves this gateway.
    if (question.pull !== undefined) {
      return this.#bus.isQuarantined(toBus(question))
        ? quarantined()
        : await this.#local.verify(question, signal);
    }
    const answer = await this.#askBus(this.#bus, asked, signal);
    const isVerdict = typeof answer !== 'string';
    if (isVerdict && !isWorthALook(answer)) return answer;
    // What killed verifiers is not tried here either, also where the bus is silent by now.
    if (this.#bus.isQuarantined(toBus(question))) return quarantined();
    const proof = await this.#shared?.get(question, readsTag, policy, signal);
    if (proof !== undefined) return proof;
    this.#observer.onFallback(isVerdict ? 'undecided' : answer);
    if (!isVerdict) return await this.#local.verify(question, signal);
    const inTime = timeForASecondOpinion(busBudgetMs - (this.#now() - begun), signal);
    const own = await this.#local.verify(question, inTime, true);
    // Where both could not look, the verifier's words are as good as ours, and it may know more.
    return own.outcome === 'undecided' ? answer : own;
  }

  async #askBus(
    bus: VerificationBus,
    { question, busBudgetMs }: Asked,
    signal: AbortSignal,
  ): Promise<Verdict | 'down' | 'silent' | 'revision'> {
    try {
      const reply = await bus.ask(toBus(question), Math.max(LEAST_BUS_MS, busBudgetMs), signal);
      if (reply.kind === 'verdict') return reply.verdict;
      return reply.reason === 'quarantined' ? quarantined() : 'revision';
    } catch (error) {
      if (error instanceof BusSilentError) return 'silent';
      if (error instanceof BusDownError) return 'down';
      if (signal.aborted) throw error;
      this.#observer.onFault(error);
      return 'down';
    }
  }
}

interface Asked {
  readonly question: Question;
  readonly readsTag: boolean;
  readonly policy: CachePolicy;
  /** What is left of the admission that starts the flight; the bus takes its share of it, the rest is for us. */
  readonly busBudgetMs: number;
}

function toBus({ image, rule, revision }: Question): BusQuestion {
  return { image: image.toString(), rule, revision };
}

function quarantined(): Verdict {
  return verdictOf(new UndecidedError('CNS-2008', 'the image crashed its verifier repeatedly'), [], 0);
}

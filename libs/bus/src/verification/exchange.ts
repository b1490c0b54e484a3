import type { VerificationReply, VerificationRequest } from '#contracts';

import type { Clock } from './clock.js';
import { BusSilentError } from './error.js';
import type { BusEvent } from './observer.js';

/** What all attempts of one question have in common. */
export type RequestBase = Omit<VerificationRequest, 'attempt' | 'budgetMs'>;

/** How a question ended: with this reply, or without one. */
export interface ExchangeEnd {
  readonly reply: VerificationReply | undefined;
  readonly tookMs: number;
}

export interface ExchangeParts {
  readonly base: RequestBase;
  /** What is left of the admission, milliseconds. */
  readonly budgetMs: number;
  /** What of it may pass until the gateway looks itself. */
  readonly shareMs: number;
  readonly hedgeAfterMs: number;
  readonly mostHedges: number;
  readonly clock: Clock;
  readonly post: (request: VerificationRequest) => void;
  /** Takes the right to one hedge; false where it is spent. */
  readonly mayHedge: () => boolean;
  readonly observe: (event: BusEvent) => void;
  readonly onEnd: (end: ExchangeEnd) => void;
}

/** `VerificationRequest.attempt` ends here. */
const LAST_ATTEMPT = 9;
const MAX_BUDGET_MS = 60_000;
/** Undecided codes that another verifier would only repeat, or make worse: a rate limit, a rule that nobody can apply. */
const SHARED_BY_ALL: ReadonlySet<string> = new Set(['CNS-2005', 'CNS-3001']);

/**
 * One question from its first attempt to its end. Settles once: with the first reply that is not undecided, with the last
 * undecided one when nobody is left who could do better or the share ends, or with an error.
 */
export class Exchange {
  readonly answer: Promise<VerificationReply>;
  readonly base: RequestBase;
  readonly #parts: ExchangeParts;
  readonly #begun: number;
  readonly #cancelEnd: () => void;
  readonly #resolve: (reply: VerificationReply) => void;
  readonly #reject: (reason: unknown) => void;
  #cancelHedge: () => void = () => undefined;
  #attempts = 0;
  #hedges = 0;
  #unanswered = 0;
  #kept: VerificationReply | undefined;
  #ended = false;

  constructor(parts: ExchangeParts) {
    const { promise, resolve, reject } = Promise.withResolvers<VerificationReply>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.base = parts.base;
    this.#parts = parts;
    this.#begun = parts.clock.now();
    this.#cancelEnd = parts.clock.after(parts.shareMs, () => this.#endShare());
    this.#post();
    this.#armHedge();
  }

  /** An authentic reply that is bound to this question. */
  receive(reply: VerificationReply): void {
    if (this.#ended) return;
    if (reply.kind === 'cannot' || reply.verdict.outcome !== 'undecided') {
      this.#settle(reply);
      return;
    }
    this.#kept = reply;
    this.#unanswered -= 1;
    if (!SHARED_BY_ALL.has(reply.verdict.code) && this.#hedge('undecided')) return;
    if (this.#unanswered <= 0) this.#settle(reply);
  }

  /** What was written may be lost: asks once more, beyond the hedges. */
  resume(): void {
    if (this.#ended || this.#attempts > LAST_ATTEMPT) return;
    this.#parts.observe({ kind: 'hedged', attempt: this.#attempts, cause: 'reconnected' });
    this.#post();
  }

  /** Ends without an answer. */
  fail(reason: unknown): void {
    if (this.#finish(undefined)) this.#reject(reason);
  }

  #endShare(): void {
    if (this.#kept !== undefined) {
      this.#settle(this.#kept);
      return;
    }
    const waited = Math.round(this.#parts.shareMs);
    this.fail(
      new BusSilentError('no-answer', `expected an answer from a verifier within ${waited} ms, got none`),
    );
  }

  #settle(reply: VerificationReply): void {
    if (this.#finish(reply)) this.#resolve(reply);
  }

  #finish(reply: VerificationReply | undefined): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#cancelEnd();
    this.#cancelHedge();
    this.#parts.onEnd({ reply, tookMs: this.#parts.clock.now() - this.#begun });
    return true;
  }

  #armHedge(): void {
    this.#cancelHedge();
    if (this.#hedges >= this.#parts.mostHedges) return;
    this.#cancelHedge = this.#parts.clock.after(this.#parts.hedgeAfterMs, () => void this.#hedge('slow'));
  }

  #hedge(cause: 'slow' | 'undecided'): boolean {
    if (this.#hedges >= this.#parts.mostHedges || this.#attempts > LAST_ATTEMPT || !this.#parts.mayHedge())
      return false;
    this.#hedges += 1;
    this.#parts.observe({ kind: 'hedged', attempt: this.#attempts, cause });
    this.#post();
    this.#armHedge();
    return true;
  }

  #post(): void {
    const left = Math.floor(this.#parts.budgetMs - (this.#parts.clock.now() - this.#begun));
    const budgetMs = Math.min(MAX_BUDGET_MS, Math.max(1, left));
    this.#parts.post({ ...this.base, budgetMs, attempt: this.#attempts });
    this.#attempts += 1;
    this.#unanswered += 1;
  }
}

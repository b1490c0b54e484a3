import { randomBytes } from 'node:crypto';

import type { VerificationReply, VerificationRequest } from '#contracts';

import { answerWith, type VerifyHandler } from '../verification/answer.js';
import { type Clock, monotonicClock } from '../verification/clock.js';
import { BusDownError } from '../verification/error.js';
import { Exchanges } from '../verification/exchanges.js';
import type { HedgeSettings } from '../verification/hedge-pace.js';
import { type BusObserver, silentObserver } from '../verification/observer.js';
import { type BusHealth, type BusQuestion, VerificationBus } from '../verification/verification-bus.js';

export interface InMemoryVerificationBusOptions {
  /** Answers every attempt, in this process. */
  readonly handler: VerifyHandler;
  readonly cluster?: string;
  readonly verifier?: string;
  readonly observer?: BusObserver;
  readonly hedge?: Partial<HedgeSettings>;
  readonly share?: number;
  readonly maxInFlight?: number;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Uint8Array;
}

/** The bus without a wire, for tests and the cli: the same questions, hedges and ends; the verifier is a function. */
export class InMemoryVerificationBus extends VerificationBus {
  readonly #handler: VerifyHandler;
  readonly #verifier: string;
  readonly #observer: BusObserver;
  readonly #clock: Clock;
  readonly #exchanges: Exchanges;
  readonly #closing = new AbortController();

  constructor(options: InMemoryVerificationBusOptions) {
    super();
    this.#handler = options.handler;
    this.#verifier = options.verifier ?? 'in-memory';
    this.#observer = options.observer ?? silentObserver;
    this.#clock = options.clock ?? monotonicClock;
    const fault = (): Error | undefined => this.#fault();
    this.#exchanges = new Exchanges({
      ...options,
      cluster: options.cluster ?? 'in-memory',
      gateway: 'in-memory',
      clock: this.#clock,
      random: options.random ?? randomBytes,
      observer: this.#observer,
      carrier: {
        get fault() {
          return fault();
        },
        post: (request) => void this.#run(request),
        ended: () => undefined,
      },
    });
  }

  override ask(question: BusQuestion, budgetMs: number, signal: AbortSignal): Promise<VerificationReply> {
    return this.#exchanges.ask(question, budgetMs, signal);
  }

  override isQuarantined(): boolean {
    return false;
  }

  override health(): BusHealth {
    const closed = this.#closing.signal.aborted;
    return {
      state: closed ? 'closed' : 'up',
      reason: this.#fault()?.message,
      verifiers: closed ? 0 : 1,
      inFlight: this.#exchanges.size,
      p95Ms: this.#exchanges.pace.p95Ms,
    };
  }

  override close(): Promise<void> {
    this.#closing.abort();
    this.#exchanges.failAll(this.#fault());
    return Promise.resolve();
  }

  #fault(): BusDownError | undefined {
    return this.#closing.signal.aborted ? new BusDownError('closed', 'the bus is closed') : undefined;
  }

  async #run(request: VerificationRequest): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#clock.after(request.budgetMs, () => deadline.abort());
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal]);
    // The first line waits for nothing, so a reply could come before its question is open; a turn of the queue prevents it.
    await Promise.resolve();
    const from = { verifier: this.#verifier, observer: this.#observer };
    this.#exchanges.receive(await answerWith(this.#handler, request, from, signal));
    cancel();
  }
}

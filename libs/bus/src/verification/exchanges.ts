import { PROTOCOL_VERSION, type VerificationReply, type VerificationRequest } from '#contracts';

import type { Clock } from './clock.js';
import { BusSilentError } from './error.js';
import { Exchange, type ExchangeEnd } from './exchange.js';
import { HEDGE_DEFAULTS, HedgePace, type HedgeSettings } from './hedge-pace.js';
import type { BusObserver } from './observer.js';
import { isBoundTo } from './reply-envelope.js';
import type { BusQuestion } from './verification-bus.js';

/** What carries requests to the verifiers. */
export interface Carrier {
  /** Why nothing can be sent now; undefined where it can. */
  readonly fault: Error | undefined;
  post(request: VerificationRequest): void;
  /** This nonce is finished; `answered` says whether with a verdict. */
  ended(nonce: string, answered: boolean): void;
}

export interface ExchangesOptions {
  readonly carrier: Carrier;
  readonly cluster: string;
  /** Names this gateway and its reply list: letters, digits, `_`, `.`, `-`; new at each start. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly observer: BusObserver;
  readonly hedge?: Partial<HedgeSettings>;
  /** The bus' part of a budget; the rest is for the gateway to look itself. */
  readonly share?: number;
  readonly maxInFlight?: number;
}

/** Half of what is left: the other half is the gateway's, to look itself. */
const SHARE = 0.5;
const MAX_IN_FLIGHT = 1024;
/** Ended questions that are remembered, to tell a second answer from a late one. */
const REMEMBERED = 4096;
const NONCE_BYTES = 16;

/** The open questions of one gateway: begins them, hands replies to them, and ends them. */
export class Exchanges {
  readonly pace: HedgePace;
  readonly #options: ExchangesOptions;
  readonly #hedge: HedgeSettings;
  readonly #open = new Map<string, Exchange>();
  readonly #ended = new Map<string, string | undefined>();

  constructor(options: ExchangesOptions) {
    this.#options = options;
    this.#hedge = { ...HEDGE_DEFAULTS, ...options.hedge };
    this.pace = new HedgePace(this.#hedge);
  }

  get size(): number {
    return this.#open.size;
  }

  /** See {@link VerificationBus.ask}. */
  ask(question: BusQuestion, budgetMs: number, signal: AbortSignal): Promise<VerificationReply> {
    const refusal = this.#refusal(signal);
    if (refusal !== undefined) return Promise.reject(refusal.reason);
    const nonce = Buffer.from(this.#options.random(NONCE_BYTES)).toString('hex');
    const abort = (): void => this.fail(nonce, signal.reason);
    const exchange = this.#begin(nonce, question, budgetMs, () => signal.removeEventListener('abort', abort));
    this.#open.set(nonce, exchange);
    signal.addEventListener('abort', abort, { once: true });
    return exchange.answer;
  }

  /** An authentic reply. Counts and drops it where it belongs to no open question. */
  receive(reply: VerificationReply): void {
    const exchange = this.#open.get(reply.nonce);
    if (exchange === undefined) this.#observeStray(reply);
    else if (isBoundTo(reply, exchange.base)) exchange.receive(reply);
    else this.#options.observer.observe({ kind: 'unbound' });
  }

  /** Ends one open question with this reason. */
  fail(nonce: string, reason: unknown): void {
    this.#open.get(nonce)?.fail(reason);
  }

  /** Ends every open question with this reason. */
  failAll(reason: unknown): void {
    for (const exchange of this.#open.values()) exchange.fail(reason);
  }

  /** Asks every open question again. */
  resumeAll(): void {
    for (const exchange of this.#open.values()) exchange.resume();
  }

  #refusal(signal: AbortSignal): { reason: unknown } | undefined {
    const { carrier, maxInFlight = MAX_IN_FLIGHT } = this.#options;
    if (signal.aborted) return { reason: signal.reason };
    if (carrier.fault !== undefined) return { reason: carrier.fault };
    if (this.#open.size < maxInFlight) return undefined;
    return {
      reason: new BusSilentError(
        'full',
        `expected fewer than ${maxInFlight} open questions, got ${this.#open.size}`,
      ),
    };
  }

  #begin(nonce: string, question: BusQuestion, budgetMs: number, release: () => void): Exchange {
    const { carrier, cluster, gateway, clock, observer, share = SHARE } = this.#options;
    this.pace.asked();
    return new Exchange({
      base: {
        v: PROTOCOL_VERSION,
        cluster,
        nonce,
        gateway,
        image: question.image,
        rule: question.rule,
        revision: question.revision,
      },
      budgetMs,
      shareMs: budgetMs * share,
      hedgeAfterMs: this.pace.delayMs,
      mostHedges: this.#hedge.most,
      clock,
      post: (request) => carrier.post(request),
      mayHedge: () => this.pace.take(),
      observe: (event) => observer.observe(event),
      onEnd: (end) => {
        release();
        this.#end(nonce, end);
      },
    });
  }

  #end(nonce: string, { reply, tookMs }: ExchangeEnd): void {
    this.#open.delete(nonce);
    this.#ended.set(nonce, reply === undefined ? undefined : decisionOf(reply));
    const oldest = this.#ended.keys().next();
    if (this.#ended.size > REMEMBERED && oldest.done !== true) this.#ended.delete(oldest.value);
    if (reply?.kind === 'verdict') this.pace.record(tookMs);
    this.#options.carrier.ended(nonce, reply?.kind === 'verdict');
  }

  #observeStray(reply: VerificationReply): void {
    const first = this.#ended.get(reply.nonce);
    const second = decisionOf(reply);
    const agrees = first === second || first === '' || second === '';
    this.#options.observer.observe(first === undefined ? { kind: 'late' } : { kind: 'duplicate', agrees });
  }
}

/** What a reply decides; empty where it decides nothing, which contradicts nothing. */
function decisionOf(reply: VerificationReply): string {
  if (reply.kind === 'cannot' || reply.verdict.outcome === 'undecided') return '';
  return reply.verdict.outcome === 'admitted' ? `admitted ${reply.verdict.digest ?? ''}` : 'refused';
}

import { PROTOCOL_VERSION, type VerificationReply } from '#contracts';

import { type Clock, monotonicClock } from '../verification/clock.js';
import { BusSilentError } from '../verification/error.js';
import { Exchanges } from '../verification/exchanges.js';
import type { HedgeSettings } from '../verification/hedge-pace.js';
import { type BusObserver, silentObserver } from '../verification/observer.js';
import { pooledRandom } from '../verification/pooled-random.js';
import { QuarantineList } from '../verification/quarantine.js';
import { subjectOf } from '../verification/subject.js';
import { type BusHealth, type BusQuestion, VerificationBus } from '../verification/verification-bus.js';
import { BusWatch } from './bus-watch.js';
import { uniqueName } from './names.js';
import type { Connect } from './redis-link.js';
import { type GatewayKeys, RequestChannel } from './request-channel.js';

export interface RedisVerificationBusOptions {
  readonly connect: Connect;
  /** Called for each message, so that a new set takes effect at once. */
  readonly keys: () => GatewayKeys;
  /** UID of `kube-system`, else a configured id: two clusters on one Redis do not hear each other. */
  readonly cluster: string;
  /** Name of this gateway; each start adds its own ending. */
  readonly gateway: string;
  readonly observer?: BusObserver;
  readonly hedge?: Partial<HedgeSettings>;
  /** The bus' part of a budget; half of it by default. */
  readonly share?: number;
  readonly maxInFlight?: number;
  /** How long open questions wait for a lost Redis to come back, milliseconds. New ones fail at once. */
  readonly graceMs?: number;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Uint8Array;
}

const GRACE_MS = 250;

/** Asks verifiers over Redis Streams: competing consumers, one reply list, hedges. Connects at once and by itself. */
export class RedisVerificationBus extends VerificationBus {
  readonly #options: RedisVerificationBusOptions;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #client: RequestChannel;
  readonly #exchanges: Exchanges;
  readonly #quarantine: QuarantineList;
  readonly #watch: BusWatch;
  #cancelGrace: () => void = () => undefined;
  #closed = false;

  constructor(options: RedisVerificationBusOptions) {
    super();
    const { cluster, observer = silentObserver, random = pooledRandom() } = options;
    this.#options = options;
    this.#clock = options.clock ?? monotonicClock;
    this.#random = random;
    const gateway = uniqueName(options.gateway, random);
    this.#client = new RequestChannel({
      connect: options.connect,
      keys: options.keys,
      gateway,
      observer,
      onReply: (reply) => this.#exchanges.receive(reply),
      onRefused: (nonce, error) => this.#exchanges.fail(nonce, error),
      onUp: () => this.#goUp(),
      onDown: () => this.#goDown(),
    });
    this.#exchanges = new Exchanges({
      ...options,
      gateway,
      clock: this.#clock,
      random,
      observer,
      carrier: this.#client,
    });
    this.#quarantine = new QuarantineList({ cluster, keys: () => options.keys().verdicts, observer });
    this.#watch = new BusWatch({
      redis: this.#client.redis,
      clock: this.#clock,
      quarantine: this.#quarantine,
      observer,
    });
  }

  override ask(question: BusQuestion, budgetMs: number, signal: AbortSignal): Promise<VerificationReply> {
    if (this.#client.fault === undefined && !signal.aborted) {
      if (this.isQuarantined(question)) return Promise.resolve(this.#quarantined(question));
      if (this.#watch.isDeserted)
        return Promise.reject(new BusSilentError('no-verifier', 'no verifier takes work now'));
    }
    return this.#exchanges.ask(question, budgetMs, signal);
  }

  override isQuarantined(question: BusQuestion): boolean {
    if (this.#quarantine.isEmpty) return false;
    return this.#quarantine.has(subjectOf(this.#options.cluster, question), this.#watch.now());
  }

  override health(): BusHealth {
    const { fault } = this.#client;
    const state = fault === undefined ? 'up' : 'down';
    return {
      state: this.#closed ? 'closed' : state,
      reason: fault?.message,
      verifiers: this.#watch.verifiers,
      inFlight: this.#exchanges.size,
      p95Ms: this.#exchanges.pace.p95Ms,
    };
  }

  override close(): Promise<void> {
    this.#closed = true;
    this.#cancelGrace();
    this.#watch.stop();
    this.#client.close();
    this.#exchanges.failAll(this.#client.fault);
    return Promise.resolve();
  }

  #goUp(): void {
    this.#cancelGrace();
    this.#watch.start();
    this.#exchanges.resumeAll();
  }

  #goDown(): void {
    this.#watch.stop();
    this.#cancelGrace = this.#clock.after(this.#options.graceMs ?? GRACE_MS, () => {
      this.#exchanges.failAll(this.#client.fault);
    });
  }

  /** Nobody is asked: the records are signed by verifiers, so this is their answer. */
  #quarantined({ image, rule, revision }: BusQuestion): VerificationReply {
    const nonce = Buffer.from(this.#random(16)).toString('hex');
    const { cluster } = this.#options;
    return {
      kind: 'cannot',
      v: PROTOCOL_VERSION,
      cluster,
      nonce,
      image,
      rule,
      revision,
      verifier: 'quarantine',
      reason: 'quarantined',
    };
  }
}

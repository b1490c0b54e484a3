import type { VerificationReply } from '#contracts';

import type { Clock } from '../verification/clock.js';
import { Isolation, ISOLATION_DEFAULTS, type IsolationSettings } from '../verification/isolation.js';
import type { BusObserver, ServerState } from '../verification/observer.js';

/** Where a verifier stands towards work: starting, serving, staying away, leaving. Says every change once. */
export class Standing {
  readonly #isolation: Isolation;
  readonly #clock: Clock;
  readonly #observer: BusObserver;
  readonly #onState: (state: ServerState) => void;
  #state: ServerState = 'starting';
  #text = 'waits for Redis';
  /** No verifier is left that is not isolated: then the registries are the cause, and work goes on. */
  #areAllIsolated = false;

  constructor(options: {
    isolation: Partial<IsolationSettings> | undefined;
    clock: Clock;
    observer: BusObserver;
    onState: (state: ServerState) => void;
  }) {
    this.#isolation = new Isolation({ ...ISOLATION_DEFAULTS, ...options.isolation });
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#onState = options.onState;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** One sentence about the state. */
  get text(): string {
    return this.#text;
  }

  get isLeaving(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** How many of `free` places may be given to new work, where `running` are taken. */
  allowance(free: number, running: number): number {
    if (this.#state === 'starting' || this.isLeaving) return 0;
    if (this.#state !== 'isolated' || this.#areAllIsolated) return Math.max(0, free);
    return running === 0 && this.#isolation.mayProbe(this.#clock.now()) ? Math.min(1, Math.max(0, free)) : 0;
  }

  /** Learns from an answer that this verifier gave. */
  learn(reply: VerificationReply): void {
    const change = this.#isolation.record(reply, this.#clock.now());
    if (this.#state !== 'serving' && this.#state !== 'isolated') return;
    if (change === 'isolated')
      this.turn('isolated', `reaches none of ${this.#isolation.hosts.join(', ').slice(0, 200)}`);
    if (change === 'joined') this.turn('serving', 'takes work again');
  }

  /** Learns how many verifiers are not isolated. */
  hear(openVerifiers: number): void {
    this.#areAllIsolated = this.#state === 'isolated' && openVerifiers === 0;
    if (this.#state === 'starting') this.turn('serving', 'takes work');
  }

  turn(state: ServerState, text: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#text = text;
    this.#observer.observe({ kind: 'state', state, text });
    this.#onState(state);
  }
}

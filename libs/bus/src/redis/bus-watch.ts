import type { Clock } from '../verification/clock.js';
import type { BusObserver } from '../verification/observer.js';
import type { QuarantineList } from '../verification/quarantine.js';
import type { RedisConnection } from './create-redis.js';
import { KEYS } from './names.js';
import { RedisClock } from './redis-clock.js';

const PERIOD_MS = 500;
/** While no verifier is there, every look that finds one saves the gateway work of its own, milliseconds. */
const DESERTED_PERIOD_MS = 100;
/** A verifier that has not been heard of for this long does not take work; it beats every 250 ms. */
const ALIVE_MS = 1500;
/** Records read at once. */
const MAX_QUARANTINED = 256;

/** What a gateway knows about the other side without asking a question: who takes work, and what is quarantined. */
export class BusWatch {
  readonly #redis: RedisConnection;
  readonly #clock: Clock;
  readonly #redisClock: RedisClock;
  readonly #quarantine: QuarantineList;
  readonly #observer: BusObserver;
  #verifiers: number | undefined;
  #emptyReads = 0;
  /** Counts starts and stops: what an earlier life asked for is not heard any more. */
  #life = 0;
  #cancel: () => void = () => undefined;

  constructor(options: {
    redis: RedisConnection;
    clock: Clock;
    quarantine: QuarantineList;
    observer: BusObserver;
  }) {
    this.#redis = options.redis;
    this.#clock = options.clock;
    this.#redisClock = new RedisClock(options.clock);
    this.#quarantine = options.quarantine;
    this.#observer = options.observer;
  }

  /** Verifiers that take work; undefined where it is not known. */
  get verifiers(): number | undefined {
    return this.#verifiers;
  }

  /** True only when two readings in a row found none: one alone may have come between a flush and the next beat. */
  get isDeserted(): boolean {
    return this.#emptyReads >= 2;
  }

  /** Now by Redis' clock. */
  now(): number {
    return this.#redisClock.now();
  }

  /** Redis is there: begins to read, after a pause in which verifiers come back too. */
  start(): void {
    this.stop();
    this.#readLater(PERIOD_MS);
  }

  /** Redis is away: nothing is known about the verifiers any more. */
  stop(): void {
    this.#cancel();
    this.#life += 1;
    this.#verifiers = undefined;
    this.#emptyReads = 0;
  }

  #readLater(ms: number): void {
    const life = this.#life;
    this.#cancel = this.#clock.after(ms, () => void this.#read(life));
  }

  async #read(life: number): Promise<void> {
    try {
      if (!this.#redisClock.isSet) await this.#readTime();
      await this.#readState(life);
    } catch (error) {
      if (life === this.#life) this.#observer.observe({ kind: 'redis-failed', error });
    }
    // It may have been stopped, and even started again, while Redis was asked.
    if (life === this.#life) this.#readLater(this.isDeserted ? DESERTED_PERIOD_MS : PERIOD_MS);
  }

  async #readTime(): Promise<void> {
    const sentAt = this.#clock.now();
    this.#redisClock.set(await this.#redis.call('TIME'), sentAt);
  }

  async #readState(life: number): Promise<void> {
    const now = this.#redisClock.now();
    const sentAt = this.#clock.now();
    const results = await this.#redis
      .pipeline()
      .call('ZRANGE', KEYS.quarantine, String(now), '+inf', 'BYSCORE', 'LIMIT', '0', String(MAX_QUARANTINED))
      .call('ZCOUNT', KEYS.verifiers, String(now - ALIVE_MS), '+inf')
      .call('ZCOUNT', KEYS.isolated, String(now - ALIVE_MS), '+inf')
      .call('TIME')
      .exec();
    const [quarantined, open, isolated, time] = (results ?? []).map(([error, value]) =>
      error === null ? value : undefined,
    );
    if (life !== this.#life) return;
    this.#redisClock.set(time, sentAt);
    if (Array.isArray(quarantined)) this.#quarantine.replace(quarantined.map(String), now);
    if (typeof open !== 'number' || typeof isolated !== 'number') return;
    // Where all are isolated, all of them take work again (see the worker's beat).
    this.#verifiers = open === 0 ? isolated : open;
    this.#emptyReads = this.#verifiers === 0 ? this.#emptyReads + 1 : 0;
  }
}

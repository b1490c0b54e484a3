import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

import type { VerifyHandler } from '../verification/answer.js';
import { type Clock, monotonicClock } from '../verification/clock.js';
import { type BusObserver, type ServerState, silentObserver } from '../verification/observer.js';
import { Bell } from './bell.js';
import { uniqueName } from './names.js';
import { RedisClock } from './redis-clock.js';
import { RedisLink } from './redis-link.js';
import { Standing } from './standing.js';
import { WorkDesk } from './work-desk.js';
import { beat, BEAT_MS } from './worker-beat.js';
import type { StreamsWorkerOptions, WorkerHealth } from './worker-options.js';
import { WorkerRedis } from './worker-redis.js';

const SLOTS = 32;
const CLOSE_GRACE_MS = 10_000;
/** Aborted work may still say how it went; Redis may be away when we leave. */
const LAST_WORDS_MS = 500;
/** Entries of silent verifiers that are taken over at once. */
const CLAIM = 10;
const PAUSE_AFTER_ERROR_MS = 50;
/** Consumers of processes that are gone are looked for once a minute. */
const BEATS_PER_SWEEP = 240;

/** Takes verification requests from the stream, as many as it has places for, and has each judged by the handler. */
export class StreamsWorker {
  readonly #slots: number;
  readonly #closeGraceMs: number;
  readonly #clock: Clock;
  readonly #redisClock: RedisClock;
  readonly #observer: BusObserver;
  readonly #link: RedisLink;
  readonly #redis: WorkerRedis;
  readonly #standing: Standing;
  readonly #desk: WorkDesk;
  readonly #change = new Bell();
  readonly #up = new Bell();
  readonly #leaving = new AbortController();
  #isReading = false;
  #beats = 0;
  #claimFrom = '0-0';

  constructor(options: StreamsWorkerOptions, handler: VerifyHandler, onState: (state: ServerState) => void) {
    const { observer = silentObserver, clock = monotonicClock } = options;
    const wake = (): void => this.#change.ring();
    const wakeAll = (): void => [this.#change, this.#up].forEach((bell) => bell.ring());
    this.#slots = options.slots ?? SLOTS;
    this.#closeGraceMs = options.closeGraceMs ?? CLOSE_GRACE_MS;
    this.#clock = clock;
    this.#redisClock = new RedisClock(clock);
    this.#observer = observer;
    this.#link = new RedisLink({
      connect: options.connect,
      commands: 'patient',
      observer,
      onUp: wakeAll,
      onDown: wake,
    });
    const consumer = uniqueName(options.verifier, options.random ?? randomBytes);
    this.#redis = new WorkerRedis({ commands: this.#link.commands, reader: this.#link.reader, consumer });
    this.#standing = new Standing({ isolation: options.isolation, clock, observer, onState });
    this.#desk = new WorkDesk({
      redis: this.#redis,
      slots: this.#slots,
      cluster: options.cluster,
      keys: options.keys,
      handler,
      crashes: options.crashes,
      clock,
      redisClock: this.#redisClock,
      observer,
      leaving: this.#leaving.signal,
      isReading: () => this.#isReading,
      onAnswer: (reply) => this.#standing.learn(reply),
      onChange: wake,
    });
    void this.#keepBeating();
    void this.#keepReading();
  }

  health(): WorkerHealth {
    const { fault } = this.#link;
    return {
      state: this.#standing.state,
      redis: fault === undefined ? 'up' : 'down',
      text: fault?.message ?? this.#standing.text,
      running: this.#desk.running,
      waiting: this.#desk.waiting,
      slots: this.#slots,
    };
  }

  /** Reads no more, finishes what is in flight, then leaves. What it could not begin is left for the others. */
  async close(): Promise<void> {
    if (this.#standing.isLeaving) return;
    this.#standing.turn('closing', 'finishes what is in flight');
    this.#desk.close();
    this.#change.ring();
    await this.#untilIdle(this.#closeGraceMs);
    this.#leaving.abort();
    await this.#untilIdle(LAST_WORDS_MS);
    const leave = (): Promise<void> => this.#redis.leave(this.#desk.hasEntries);
    await Promise.race([this.#attempt(leave), pause(LAST_WORDS_MS)]);
    this.#standing.turn('closed', 'has left');
    this.#link.close();
    this.#change.ring();
    this.#up.ring();
  }

  async #keepReading(): Promise<void> {
    while (!this.#standing.isLeaving) {
      const places = this.#places();
      if (places === 0) {
        await this.#change.wait();
        continue;
      }
      this.#isReading = true;
      let taken = 0;
      const isRead = await this.#attempt(async () => {
        const entries = await this.#redis.read(places);
        taken = entries.length;
        await this.#desk.accept(entries, false);
      });
      this.#isReading = false;
      this.#desk.refresh();
      if (!isRead) await pause(PAUSE_AFTER_ERROR_MS);
      // What can be answered at once is answered before we ask for more.
      else if (taken > 0) await nextTurn();
    }
  }

  #places(): number {
    if (this.#link.fault !== undefined || this.#desk.wantsQuiet) return 0;
    return this.#standing.allowance(this.#desk.free, this.#desk.running);
  }

  async #keepBeating(): Promise<void> {
    while (this.#standing.state !== 'closed') {
      if (this.#link.fault !== undefined) {
        await this.#up.wait();
        continue;
      }
      await this.#attempt(() => this.#beat());
      this.#change.ring();
      await pause(BEAT_MS);
    }
  }

  async #beat(): Promise<void> {
    if (!this.#redisClock.isSet) await this.#readTime();
    const { state, isLeaving } = this.#standing;
    const open = state === 'isolated' ? 'isolated' : 'open';
    const output = await beat(this.#redis.commands, this.#redisClock, () => this.#clock.now(), {
      ...this.#desk.signsOfLife,
      consumer: this.#redis.consumer,
      standing: isLeaving ? 'leaving' : open,
      claim: Math.min(CLAIM, this.#places()),
      claimFrom: this.#claimFrom,
    });
    this.#claimFrom = output.claimNext;
    this.#desk.learn(output.suspects, output.quarantined);
    this.#desk.withdraw(output.withdrawn);
    this.#standing.hear(output.openVerifiers);
    if (output.isGroupMissing) await this.#redis.createGroup();
    if (output.claimed.length > 0) {
      this.#observer.observe({ kind: 'reclaimed', count: output.claimed.length });
      await this.#desk.accept(output.claimed, true);
    }
    this.#desk.refresh();
    this.#beats += 1;
    if (this.#beats % BEATS_PER_SWEEP === 0) await this.#redis.forgetConsumers();
  }

  async #readTime(): Promise<void> {
    const sentAt = this.#clock.now();
    this.#redisClock.set(await this.#redis.commands.call('TIME'), sentAt);
  }

  /** True where it went well. After the end nothing is said about failures: the connections are cut on purpose. */
  async #attempt(task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      if (this.#standing.state !== 'closed') this.#observer.observe({ kind: 'redis-failed', error });
      return false;
    }
  }

  async #untilIdle(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    const isBusy = (): boolean =>
      this.#desk.running > 0 || (this.#isReading && this.#link.fault === undefined);
    while (this.#clock.now() < end && isBusy()) await pause(10);
  }
}

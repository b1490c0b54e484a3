import type { VerificationReply } from '#contracts';

import type { VerifyHandler } from '../verification/answer.js';
import type { Clock } from '../verification/clock.js';
import { CRASH_DEFAULTS, type CrashSettings } from '../verification/crash-marks.js';
import type { BusObserver } from '../verification/observer.js';
import { QuarantineList } from '../verification/quarantine.js';
import type { Subject } from '../verification/subject.js';
import { AloneGuard } from './alone-guard.js';
import { AloneQueue } from './alone-queue.js';
import { Intake } from './intake.js';
import { JobRunner } from './job-runner.js';
import type { RedisClock } from './redis-clock.js';
import type { StreamEntry } from './stream-entries.js';
import type { RunAlone, Work } from './work.js';
import type { BeatInput } from './worker-beat.js';
import type { VerifierKeys } from './worker-options.js';
import type { WorkerRedis } from './worker-redis.js';

export interface WorkDeskOptions {
  readonly redis: WorkerRedis;
  readonly cluster: string;
  readonly keys: () => VerifierKeys;
  readonly handler: VerifyHandler;
  readonly crashes: Partial<CrashSettings> | undefined;
  readonly clock: Clock;
  readonly redisClock: RedisClock;
  readonly observer: BusObserver;
  /** Ends what still runs when the process must leave. */
  readonly leaving: AbortSignal;
  /** True while new work may be on its way here. */
  readonly isReading: () => boolean;
  readonly onAnswer: (reply: VerificationReply) => void;
  /** A place became free, or quiet is wanted, or no longer. */
  readonly onChange: () => void;
}

/** Everything that a verifier has in hand, and what becomes of it. */
export class WorkDesk {
  readonly #options: WorkDeskOptions;
  readonly #quarantine: QuarantineList;
  readonly #guard: AloneGuard;
  readonly #intake: Intake;
  readonly #runner: JobRunner;
  readonly #alone: AloneQueue;
  readonly #running = new Set<Work>();
  #suspects: ReadonlySet<Subject> = new Set();

  constructor(options: WorkDeskOptions) {
    const { cluster, observer, redis, crashes } = options;
    const now = (): number => options.redisClock.now();
    const keys = () => options.keys().verdicts;
    this.#options = options;
    this.#quarantine = new QuarantineList({ cluster, keys, observer });
    this.#guard = new AloneGuard({
      redis: redis.commands,
      cluster,
      keys,
      settings: { ...CRASH_DEFAULTS, ...crashes },
      observer,
      now,
    });
    this.#intake = new Intake({
      cluster,
      keys: () => options.keys().requests,
      observer,
      quarantine: this.#quarantine,
      now,
    });
    this.#runner = new JobRunner({
      ...options,
      verifier: redis.consumer,
      keys,
      now,
    });
    this.#alone = this.#createQueue(now);
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#alone.works.length;
  }

  /** True while nothing new may begin here. */
  get wantsQuiet(): boolean {
    return this.#alone.wantsQuiet;
  }

  /** What a beat must say about the work in hand. */
  get signsOfLife(): Pick<BeatInput, 'owned' | 'alone'> {
    const works = new Set([...this.#running, ...this.#alone.works]);
    const current = this.#alone.current;
    return {
      owned: [...works].map(({ entry }) => entry.id),
      alone:
        current === undefined
          ? undefined
          : {
              subject: current.work.subject,
              run: current.run,
              mark: this.#guard.mark(current.work.subject, current.run),
            },
    };
  }

  /** What the verifiers know together about images that kill. */
  learn(suspects: readonly Subject[], quarantined: readonly string[]): void {
    this.#suspects = new Set(suspects);
    this.#quarantine.replace(quarantined, this.#options.redisClock.now());
  }

  /** Takes entries from the stream; `redelivered` ones were another's, who died or hung. */
  async accept(entries: readonly StreamEntry[], redelivered: boolean): Promise<void> {
    const intents = entries.map((entry) => ({ entry, intent: this.#take(entry, redelivered) }));
    const dropped = intents.filter(({ intent }) => intent.kind === 'drop').map(({ entry }) => entry.id);
    const subjects = intents.flatMap(({ intent }) => (intent.subject === undefined ? [] : [intent.subject]));
    try {
      if (redelivered && subjects.length > 0) await this.#guard.suspect([...new Set(subjects)]);
      if (dropped.length > 0) await this.#options.redis.drop(dropped);
    } catch (error) {
      this.#options.observer.observe({ kind: 'redis-failed', error });
    }
  }

  /** Looks again at the work that waits, and begins what can begin. */
  refresh(): void {
    this.#alone.refresh();
    this.#alone.pump();
  }

  #take(entry: StreamEntry, redelivered: boolean) {
    const intent = this.#intake.judge(entry, redelivered, this.#suspects);
    if (intent.kind === 'drop') return intent;
    if (intent.kind === 'alone') this.#alone.add(intent.work);
    else
      void this.#track(intent.work, () =>
        intent.kind === 'run' ? this.#runner.run(intent.work) : this.#runner.refuse(intent.work),
      );
    return intent;
  }

  async #track(work: Work, end: () => Promise<void>): Promise<void> {
    this.#running.add(work);
    try {
      await end();
    } catch (error) {
      this.#options.observer.observe({ kind: 'handler-failed', error });
    }
    this.#running.delete(work);
    this.#options.onChange();
    this.#alone.pump();
  }

  async #quarantineWork(work: Work, crashes: number, forgive: readonly string[]): Promise<void> {
    const { observer, redisClock } = this.#options;
    const record = await this.#guard.quarantine(work, crashes, forgive);
    this.#quarantine.add(record, redisClock.now());
    const { image, rule } = work.request;
    observer.observe({ kind: 'quarantined', image, rule, crashes });
    await this.#runner.refuse(work);
  }

  #createQueue(now: () => number): AloneQueue {
    return new AloneQueue({
      guard: this.#guard,
      consumer: this.#options.redis.consumer,
      isQuiet: () => this.#running.size === 0 && !this.#options.isReading(),
      isPast: ({ deadline }) => now() >= deadline,
      run: (work: Work, alone: RunAlone) => this.#track(work, () => this.#runner.run(work, alone)),
      drop: (work) => this.#runner.drop(work),
      quarantine: (work, crashes, forgive) => this.#quarantineWork(work, crashes, forgive),
      onChange: () => this.#options.onChange(),
      onError: (error) => this.#options.observer.observe({ kind: 'redis-failed', error }),
    });
  }
}

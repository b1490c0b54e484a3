import { CRASH_DEFAULTS } from '../verification/crash-marks.js';
import { QuarantineList } from '../verification/quarantine.js';
import type { Subject } from '../verification/subject.js';
import { AloneGuard } from './alone-guard.js';
import { AloneQueue } from './alone-queue.js';
import { HostQueue } from './host-queue.js';
import { Intake } from './intake.js';
import { JobRunner } from './job-runner.js';
import type { StreamEntry } from './replies.js';
import type { RunAlone, Work } from './work.js';
import type { WorkDeskOptions } from './work-desk-options.js';
import type { BeatInput } from './worker-beat.js';

/** Entries that may wait for their registry's turn: those of a registry that hangs must not stop the reading for others. */
const MAX_QUEUED = 1024;

/** Everything that a verifier has in hand, and what becomes of it. */
export class WorkDesk {
  readonly #options: WorkDeskOptions;
  readonly #quarantine: QuarantineList;
  readonly #guard: AloneGuard;
  readonly #intake: Intake;
  readonly #runner: JobRunner;
  readonly #alone: AloneQueue;
  readonly #hosts: HostQueue;
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
      onAnswer: (reply) => {
        this.#hosts.learn(reply);
        options.onAnswer(reply);
      },
    });
    this.#alone = this.#createAlone(now);
    this.#hosts = this.#createHosts(now);
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#alone.works.length + this.#hosts.size;
  }

  /** How many more entries may be taken. */
  get free(): number {
    const places = this.#options.slots - this.#running.size - this.#alone.works.length;
    return Math.min(places, MAX_QUEUED - this.#hosts.size);
  }

  /** True while something was taken and neither answered nor dropped. */
  get hasEntries(): boolean {
    return this.#running.size + this.waiting > 0;
  }

  /** True while nothing new may begin here. */
  get wantsQuiet(): boolean {
    return this.#alone.wantsQuiet;
  }

  /** What a beat must say about the work in hand. */
  get signsOfLife(): Pick<BeatInput, 'owned' | 'alone'> {
    // At the end what waits is no longer renewed, so that the others take it over.
    const queued = this.#hosts.isClosed ? [] : this.#hosts.works;
    const works = new Set([...this.#running, ...this.#alone.works, ...queued]);
    return { owned: [...works].map(({ entry }) => entry.id), alone: this.#alone.signOfLife };
  }

  /** What the verifiers know together about images that kill. */
  learn(suspects: readonly Subject[], quarantined: readonly string[]): void {
    this.#suspects = new Set(suspects);
    this.#quarantine.replace(quarantined, this.#options.redisClock.now());
  }

  /** Drops what waits and what nobody asks for any more. What runs goes on: its verdict is of use to others. */
  withdraw(ids: readonly string[]): void {
    const gone = new Set(ids);
    const count = this.#hosts.withdraw(gone) + this.#alone.withdraw(gone);
    if (count > 0) this.#options.observer.observe({ kind: 'withdrawn', count });
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
    this.#hosts.refresh();
    this.#alone.refresh();
    this.#alone.pump();
    this.#hosts.pump();
  }

  /** Begins nothing more of what waits for its registry's turn. */
  close(): void {
    this.#hosts.close();
  }

  #take(entry: StreamEntry, redelivered: boolean) {
    const intent = this.#intake.judge(entry, redelivered, this.#suspects);
    if (intent.kind === 'drop') return intent;
    if (intent.kind === 'alone') this.#alone.add(intent.work);
    else if (intent.kind === 'run') this.#hosts.add(intent.work);
    else void this.#track(intent.work, () => this.#runner.refuse(intent.work));
    return intent;
  }

  /** While it waited it may have become known as one that kills. */
  async #start(work: Work): Promise<void> {
    const kind = this.#intake.kindOf(work, false, this.#suspects);
    if (kind === 'alone') this.#alone.add(work);
    else await this.#track(work, () => (kind === 'run' ? this.#runner.run(work) : this.#runner.refuse(work)));
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

  #createHosts(now: () => number): HostQueue {
    return new HostQueue({
      slots: this.#options.slots,
      taken: () => this.#running.size,
      isHeld: () => this.#alone.wantsQuiet,
      now,
      isPast: ({ deadline }) => now() >= deadline,
      run: (work) => this.#start(work),
      drop: (work) => this.#track(work, () => this.#runner.drop(work)),
    });
  }

  #createAlone(now: () => number): AloneQueue {
    return new AloneQueue({
      guard: this.#guard,
      consumer: this.#options.redis.consumer,
      isQuiet: () => this.#running.size === 0 && !this.#options.isReading(),
      isPast: ({ deadline }) => now() >= deadline,
      run: (work: Work, alone: RunAlone) => this.#track(work, () => this.#runner.run(work, alone)),
      drop: (work) => this.#runner.drop(work),
      quarantine: (work, crashes, forgive) => this.#quarantineWork(work, crashes, forgive),
      onChange: () => {
        this.#hosts.pump();
        this.#options.onChange();
      },
      onError: (error) => this.#options.observer.observe({ kind: 'redis-failed', error }),
    });
  }
}

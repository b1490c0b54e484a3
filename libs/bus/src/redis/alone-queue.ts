import type { AloneGuard } from './alone-guard.js';
import type { RunAlone, Work } from './work.js';
import type { BeatInput } from './worker-beat.js';

export interface AloneQueueOptions {
  readonly guard: AloneGuard;
  /** Begins the name of each run. */
  readonly consumer: string;
  /** True while this process does nothing else, and nothing is on its way to it. */
  readonly isQuiet: () => boolean;
  readonly isPast: (work: Work) => boolean;
  readonly run: (work: Work, alone: RunAlone) => Promise<void>;
  readonly drop: (work: Work) => Promise<void>;
  readonly quarantine: (work: Work, crashes: number, forgive: readonly string[]) => Promise<void>;
  /** The need for quiet may have changed. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly work: Work;
  /** It would run if the process were quiet; otherwise another verifier has it now. */
  isReady: boolean;
}

/** Work on images that may have killed a verifier: one after the other, and nothing else in the process meanwhile. */
export class AloneQueue {
  readonly #options: AloneQueueOptions;
  readonly #waiting = new Set<Waiting>();
  #current: { readonly work: Work; readonly run: string } | undefined;
  #runs = 0;

  constructor(options: AloneQueueOptions) {
    this.#options = options;
  }

  /** All work in here, the running one included. */
  get works(): readonly Work[] {
    const waiting = [...this.#waiting].map(({ work }) => work);
    return this.#current === undefined ? waiting : [this.#current.work, ...waiting];
  }

  /** What a beat must say about the run that is under way. */
  get signOfLife(): BeatInput['alone'] {
    if (this.#current === undefined) return undefined;
    const { run, work } = this.#current;
    return { subject: work.subject, run, mark: this.#options.guard.mark(work.subject, run) };
  }

  /** True while nothing else may begin in this process. */
  get wantsQuiet(): boolean {
    return this.#current !== undefined || [...this.#waiting].some(({ isReady }) => isReady);
  }

  add(work: Work): void {
    const waiting = { work, isReady: false };
    this.#waiting.add(waiting);
    void this.#look(waiting);
  }

  /** Drops what waits of these entries, without a word to Redis; says how many. */
  withdraw(ids: ReadonlySet<string>): number {
    const gone = [...this.#waiting].filter(({ work }) => ids.has(work.entry.id));
    for (const waiting of gone) this.#waiting.delete(waiting);
    if (gone.length > 0) this.#options.onChange();
    return gone.length;
  }

  /** Looks again at what another verifier had. */
  refresh(): void {
    for (const waiting of this.#waiting) if (!waiting.isReady) void this.#look(waiting);
  }

  /** Begins the next run, if the process is quiet. */
  pump(): void {
    if (this.#current !== undefined || !this.#options.isQuiet()) return;
    const next = [...this.#waiting].find(({ isReady }) => isReady);
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#runs += 1;
    this.#current = { work: next.work, run: `${this.#options.consumer}/${this.#runs}` };
    void this.#begin(next, this.#current.run);
  }

  async #look(waiting: Waiting): Promise<void> {
    try {
      if (this.#options.isPast(waiting.work))
        return await this.#leave(waiting, () => this.#options.drop(waiting.work));
      const { decision } = await this.#options.guard.look(waiting.work.subject);
      if (!this.#waiting.has(waiting)) return;
      if (decision.kind === 'quarantine') {
        const { crashes, forgive } = decision;
        return await this.#leave(waiting, () => this.#options.quarantine(waiting.work, crashes, forgive));
      }
      waiting.isReady = decision.kind === 'run';
      this.#options.onChange();
      this.pump();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #leave(waiting: Waiting, end: () => Promise<void>): Promise<void> {
    if (!this.#waiting.delete(waiting)) return;
    await end();
    this.#options.onChange();
  }

  async #begin(waiting: Waiting, run: string): Promise<void> {
    const { guard, isPast, onError, onChange } = this.#options;
    const { work } = waiting;
    try {
      if (isPast(work)) {
        await this.#options.drop(work);
      } else {
        const { decision, isClean } = await guard.begin(work.subject, run);
        if (decision.kind === 'run') await this.#options.run(work, { run, isClean });
        else if (decision.kind === 'wait') this.#waiting.add({ work, isReady: false });
        else await this.#options.quarantine(work, decision.crashes, decision.forgive);
      }
    } catch (error) {
      onError(error);
    }
    this.#current = undefined;
    onChange();
    this.pump();
  }
}

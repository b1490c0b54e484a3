import type { Work } from './work.js';

export interface HostQueueOptions {
  /** Places for all hosts together. */
  readonly slots: number;
  /** Places that are taken, by work from here or other. */
  readonly taken: () => number;
  /** True while work that waits must go on waiting. */
  readonly isHeld: () => boolean;
  readonly isPast: (work: Work) => boolean;
  /** Never rejects. */
  readonly run: (work: Work) => Promise<void>;
  readonly drop: (work: Work) => Promise<void>;
}

interface Lane {
  readonly waiting: Set<Work>;
  running: number;
}

/**
 * One registry has a quarter of the places at most: whoever asks for many images of one that hangs leaves the others
 * three quarters, and the images of a healthy one are still judged eight at a time where there are 32 places.
 */
const SHARES = 4;

/** Work that waits for its registry's turn: in order within a registry, and registries take turns. */
export class HostQueue {
  readonly #options: HostQueueOptions;
  readonly #share: number;
  /** By host; only hosts that have work. */
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;

  constructor(options: HostQueueOptions) {
    this.#options = options;
    this.#share = Math.ceil(options.slots / SHARES);
  }

  /** What waits here; not what runs. */
  get works(): readonly Work[] {
    return [...this.#lanes.values()].flatMap(({ waiting }) => [...waiting]);
  }

  get size(): number {
    let size = 0;
    for (const { waiting } of this.#lanes.values()) size += waiting.size;
    return size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Begins it at once where its host has a place and nothing waits before it. */
  add(work: Work): void {
    const host = hostOf(work);
    const lane = this.#lanes.get(host) ?? { waiting: new Set(), running: 0 };
    this.#lanes.set(host, lane);
    const isFirst = lane.waiting.size === 0;
    lane.waiting.add(work);
    if (isFirst && this.#hasPlace(lane)) this.#begin(host, lane, work);
  }

  /** Begins what can begin. */
  pump(): void {
    while (!this.#isClosed && !this.#options.isHeld()) {
      const next = this.#next();
      if (next === undefined) return;
      this.#begin(...next);
    }
  }

  /** Drops what nobody waits for any more. */
  refresh(): void {
    for (const [host, lane] of this.#lanes) {
      for (const work of lane.waiting) {
        if (!this.#options.isPast(work)) continue;
        lane.waiting.delete(work);
        void this.#options.drop(work);
      }
      this.#forget(host, lane);
    }
  }

  /** What waits will not begin here any more. */
  close(): void {
    this.#isClosed = true;
  }

  #next(): readonly [host: string, lane: Lane, work: Work] | undefined {
    for (const [host, lane] of this.#lanes) {
      const [work] = lane.waiting;
      if (work !== undefined && this.#hasPlace(lane)) return [host, lane, work];
    }
    return undefined;
  }

  #hasPlace({ running }: Lane): boolean {
    return running < this.#share && this.#options.taken() < this.#options.slots;
  }

  #begin(host: string, lane: Lane, work: Work): void {
    lane.waiting.delete(work);
    lane.running += 1;
    // To the end of the row: the other hosts come first next time.
    this.#lanes.delete(host);
    this.#lanes.set(host, lane);
    void this.#run(host, lane, work);
  }

  async #run(host: string, lane: Lane, work: Work): Promise<void> {
    const { isPast, run, drop } = this.#options;
    await (isPast(work) ? drop(work) : run(work));
    lane.running -= 1;
    this.#forget(host, lane);
    this.pump();
  }

  #forget(host: string, lane: Lane): void {
    if (lane.running === 0 && lane.waiting.size === 0) this.#lanes.delete(host);
  }
}

/** The registry of a canonical reference is what precedes its first slash. */
function hostOf({ request: { image } }: Work): string {
  return image.split('/', 1)[0] ?? image;
}

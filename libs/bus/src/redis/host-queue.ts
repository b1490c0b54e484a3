import type { VerificationReply } from '#contracts';

import { AnsweringHosts, hostOf } from './answering-hosts.js';
import type { Work } from './work.js';

export interface HostQueueOptions {
  /** Places for all hosts together. */
  readonly slots: number;
  /** Places that are taken, by work from here or other. */
  readonly taken: () => number;
  /** True while work that waits must go on waiting. */
  readonly isHeld: () => boolean;
  /** Milliseconds. */
  readonly now: () => number;
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
 * Who may take how many of the places. A registry that has answered lately has a share of a quarter, one that has not a
 * foothold of two in 32, and all of those together no more than half of the places. The last quarter is for first footholds
 * only, so that neither a few registries that hang, nor some that answered before and now hang, take every place.
 */
interface Shares {
  readonly share: number;
  readonly foothold: number;
  readonly doubtful: number;
  readonly reserve: number;
}

function sharesOf(slots: number): Shares {
  return {
    share: Math.ceil(slots / 4),
    foothold: Math.max(1, Math.floor(slots / 16)),
    doubtful: Math.ceil(slots / 2),
    reserve: Math.floor(slots / 4),
  };
}

/** Work that waits for its registry's turn: in order within a registry, and registries take turns. */
export class HostQueue {
  readonly #options: HostQueueOptions;
  readonly #shares: Shares;
  readonly #answering: AnsweringHosts;
  /** By host; only hosts that have work. */
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;

  constructor(options: HostQueueOptions) {
    this.#options = options;
    this.#shares = sharesOf(options.slots);
    this.#answering = new AnsweringHosts(options.now);
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
    const host = hostOf(work.request.image);
    const lane = this.#lanes.get(host) ?? { waiting: new Set(), running: 0 };
    this.#lanes.set(host, lane);
    const isFirst = lane.waiting.size === 0;
    lane.waiting.add(work);
    if (isFirst && this.#hasPlace(host, lane)) this.#begin(host, lane, work);
  }

  /** Begins what can begin. */
  pump(): void {
    while (!this.#isClosed && !this.#options.isHeld()) {
      const next = this.#next();
      if (next === undefined) return;
      this.#begin(...next);
    }
  }

  /** Drops what waits of these entries, without a word to Redis; says how many. */
  withdraw(ids: ReadonlySet<string>): number {
    let count = 0;
    for (const [host, lane] of this.#lanes) {
      for (const work of lane.waiting) {
        if (ids.has(work.entry.id) && lane.waiting.delete(work)) count += 1;
      }
      this.#forget(host, lane);
    }
    return count;
  }

  /** Learns from an answer which registries answer. */
  learn(reply: VerificationReply): void {
    this.#answering.learn(reply);
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
      if (work !== undefined && this.#hasPlace(host, lane)) return [host, lane, work];
    }
    return undefined;
  }

  #hasPlace(host: string, { running }: Lane): boolean {
    const { share, foothold, doubtful, reserve } = this.#shares;
    const free = this.#options.slots - this.#options.taken();
    if (free <= 0) return false;
    const isAnswering = this.#answering.has(host);
    if (running < foothold) return isAnswering || this.#doubtful() < doubtful;
    return isAnswering && running < share && free > reserve;
  }

  /** Places of registries that have not answered lately. */
  #doubtful(): number {
    let count = 0;
    for (const [host, { running }] of this.#lanes) if (!this.#answering.has(host)) count += running;
    return count;
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

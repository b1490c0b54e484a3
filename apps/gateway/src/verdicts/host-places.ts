import { Semaphore } from './semaphore.js';

/**
 * One registry has a quarter of the places at most: whoever asks for many images of one that hangs leaves the others
 * three quarters.
 */
const SHARES = 4;

/** Places for verifications, of which no registry can take all. */
export class HostPlaces {
  readonly #share: number;
  readonly #mostWaiting: number;
  readonly #all: Semaphore;
  /** Only hosts that have work: each has some in `#all`, which is bounded, so this is bounded too. */
  readonly #hosts = new Map<string, Semaphore>();

  constructor(limit: number, mostWaiting: number) {
    this.#share = Math.ceil(limit / SHARES);
    this.#mostWaiting = mostWaiting;
    this.#all = new Semaphore(limit, mostWaiting);
  }

  /** How many hosts have work. */
  get hosts(): number {
    return this.#hosts.size;
  }

  /** Rejects with what `work` rejects with, with the signal's reason, or undecided where too many wait already. */
  async run<T>(host: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const own = this.#hosts.get(host) ?? new Semaphore(this.#share, this.#mostWaiting);
    this.#hosts.set(host, own);
    try {
      // The host's place first: what waits for its own registry must not hold a place of all.
      return await own.run(async () => await this.#all.run(work, signal), signal);
    } finally {
      if (own.isIdle && this.#hosts.get(host) === own) this.#hosts.delete(host);
    }
  }
}

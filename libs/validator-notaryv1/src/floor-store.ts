import { formatFloor, maxFloor, NO_FLOOR, parseFloor, covers, type VersionFloor } from './version-floor.js';

/** Memory that several processes share, by name. Whoever implements it signs what it keeps. Never rejects, never takes long. */
export interface SharedMemory {
  /** `undefined` where there is nothing that can be believed. */
  read(name: string, signal: AbortSignal): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/** Collections of which this process keeps the floor. */
const MAX_COLLECTIONS = 10_000;

/**
 * The floors of a process: in memory, and in the memory that processes share where there is one. The floor is the larger
 * of both, and is written back where the shared one had less. Outlives configurations.
 */
export class FloorStore {
  readonly #floors = new Map<string, VersionFloor>();
  readonly #shared: SharedMemory | undefined;

  constructor(shared?: SharedMemory) {
    this.#shared = shared;
  }

  /** The floor of a collection as far as anybody knows it. */
  async read(name: string, signal: AbortSignal): Promise<VersionFloor> {
    const text = await this.#shared?.read(name, signal);
    const shared = (text === undefined ? undefined : parseFloor(text)) ?? NO_FLOOR;
    const floor = maxFloor(shared, this.known(name));
    this.#keep(name, floor);
    if (!covers(shared, floor)) await this.#shared?.write(name, formatFloor(floor));
    return floor;
  }

  /** Raises the floor; what others raised or reset meanwhile stays. */
  async raise(name: string, floor: VersionFloor, signal: AbortSignal): Promise<void> {
    const before = this.known(name);
    const next = maxFloor(before, floor);
    this.#keep(name, next);
    if (!covers(before, next)) await this.read(name, signal);
  }

  /** The floor as far as this process knows it now. */
  known(name: string): VersionFloor {
    return this.#floors.get(name) ?? NO_FLOOR;
  }

  #keep(name: string, floor: VersionFloor): void {
    this.#floors.delete(name);
    this.#floors.set(name, floor);
    const [oldest] = this.#floors.keys();
    if (this.#floors.size > MAX_COLLECTIONS && oldest !== undefined) this.#floors.delete(oldest);
  }
}

/** The floor of a collection that an operator resets: empty, and newer than every floor before it. */
export function resetFloor(now: number): string {
  return formatFloor({ ...NO_FLOOR, epoch: Math.floor(now) });
}

/** The name of a collection's floor. Host and collection are ours to write, so nothing in them needs escaping but as JSON. */
export function floorName(server: string, collection: string): string {
  return JSON.stringify(['notary-floor', server, collection]);
}

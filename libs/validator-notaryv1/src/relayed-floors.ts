import type { FloorStore, SharedMemory } from './floor-store.js';
import { formatFloor, parseFloor } from './version-floor.js';

/** The floors of a process as the shared memory of its threads: what a thread has seen outlives it. */
export class RelayedFloors implements SharedMemory {
  readonly #floors: FloorStore;

  constructor(floors: FloorStore) {
    this.#floors = floors;
  }

  async read(name: string, signal: AbortSignal): Promise<string> {
    return formatFloor(await this.#floors.read(name, signal));
  }

  /** Raises only: a thread that lies can make trust data look older than they are, never newer. */
  async write(name: string, text: string): Promise<void> {
    const seen = parseFloor(text);
    const known = this.#floors.known(name);
    // An operator's reset comes from the memory of all processes, never from a thread.
    if (seen === undefined || seen.epoch !== known.epoch) return;
    await this.#floors.raise(name, seen, AbortSignal.timeout(WRITE_MS));
  }
}

const WRITE_MS = 1_000;

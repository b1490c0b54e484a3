/** Crashes alone after which an image is left alone, and for how long, ms. */
const CRASHES = 3;
const QUARANTINE_MS = 60_000;
/** Names that are remembered; the oldest make room, since each only costs a crash to learn again. */
const MAX_NAMES = 1_000;

/**
 * Which images were there when a thread died, and which of them killed one alone. Only crashes alone count: any other
 * may be a neighbour's doing.
 */
export class CrashBook {
  readonly #crashes = new Map<string, number>();
  readonly #quarantined = new Map<string, number>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** It was there when a thread died: the next time it runs alone. */
  suspect(name: string): void {
    if (!this.#crashes.has(name)) remember(this.#crashes, name, 0);
  }

  isSuspect(name: string): boolean {
    return this.#crashes.has(name);
  }

  /** It was the only one there. */
  crashedAlone(name: string): void {
    const crashes = (this.#crashes.get(name) ?? 0) + 1;
    remember(this.#crashes, name, crashes >= CRASHES ? 0 : crashes);
    if (crashes >= CRASHES) remember(this.#quarantined, name, this.#monotonic() + QUARANTINE_MS);
  }

  /** It gave a verdict alone: somebody else did it. */
  clear(name: string): void {
    this.#crashes.delete(name);
  }

  isQuarantined(name: string): boolean {
    const until = this.#quarantined.get(name);
    if (until === undefined) return false;
    if (until > this.#monotonic()) return true;
    this.#quarantined.delete(name);
    return false;
  }
}

function remember(map: Map<string, number>, name: string, value: number): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > MAX_NAMES && oldest !== undefined) map.delete(oldest);
}

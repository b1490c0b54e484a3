/** One request that a virtual registry got, and what it answered. */
export interface JournalEntry {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** 0 until it is answered, and where the connection was dropped. */
  readonly status: number;
  readonly startedMs: number;
  /** Infinity until it is answered. */
  readonly endedMs: number;
}

type Open = { -readonly [Key in keyof JournalEntry]: JournalEntry[Key] };

/** Everything that was asked of a virtual registry, in order. */
export class Journal {
  readonly #entries: Open[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** `GET /v2/a/manifests/v1 200`, one line for each request. */
  get lines(): readonly string[] {
    return this.#entries.map(({ method, path, status }) => `${method} ${path} ${status}`);
  }

  /** Requests whose path matches. */
  count(path: RegExp): number {
    return this.#entries.filter((entry) => path.test(entry.path)).length;
  }

  /**
   * The longest chain of requests of which each started after the one before had its answer: what a caller waited for,
   * in round trips. Give the registry a latency, so that requests sent together overlap.
   */
  get roundTrips(): number {
    let trips = 0;
    let lastEnd = -Infinity;
    for (const { startedMs, endedMs } of this.#entries.toSorted(
      (one, other) => one.endedMs - other.endedMs,
    )) {
      if (startedMs < lastEnd) continue;
      trips += 1;
      lastEnd = endedMs;
    }
    return trips;
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** @internal The returned function notes the answer. */
  open(request: Pick<JournalEntry, 'method' | 'path' | 'headers'>): (status: number) => void {
    const entry: Open = { ...request, status: 0, startedMs: performance.now(), endedMs: Infinity };
    this.#entries.push(entry);
    return (status) => {
      entry.status = status;
      entry.endedMs = performance.now();
    };
  }
}

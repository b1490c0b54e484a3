/** Counts how often something happened, over all alerting processes; counting the same occurrence again changes nothing. */
export abstract class EventCounts {
  /** How many occurrences there were of this Event, this one among them. */
  abstract add(event: string, occurrence: string): Promise<number>;
}

/** The commands that are needed of Redis. */
export interface CountingRedis {
  pfadd(key: string, element: string): Promise<number>;
  pfcount(key: string): Promise<number>;
  pexpire(key: string, milliseconds: number): Promise<number>;
}

/** As long as an API server keeps an Event that is not written to. */
const KEPT_MS = 3_600_000;

/** A HyperLogLog for each Event: at most 12 KiB, exact for the first few hundred occurrences, within a percent after. */
export class RedisEventCounts extends EventCounts {
  readonly #redis: CountingRedis;

  constructor(redis: CountingRedis) {
    super();
    this.#redis = redis;
  }

  async add(event: string, occurrence: string): Promise<number> {
    const key = `{connaisseur-alerts}:event:${event}`;
    await this.#redis.pfadd(key, occurrence);
    await this.#redis.pexpire(key, KEPT_MS);
    return Math.max(1, await this.#redis.pfcount(key));
  }
}

/** The same in this process; for tests. */
export class InMemoryEventCounts extends EventCounts {
  readonly #seen = new Map<string, Set<string>>();

  add(event: string, occurrence: string): Promise<number> {
    const seen = this.#seen.get(event) ?? new Set();
    this.#seen.set(event, seen.add(occurrence));
    return Promise.resolve(seen.size);
  }
}

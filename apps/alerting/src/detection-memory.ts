/**
 * Remembers what `/mutate` found in detection mode, so that `/validate`, which finds the same under another uid, is not a
 * second alert. Shared by all alerting processes.
 */
export abstract class DetectionMemory {
  abstract note(key: string): Promise<void>;
  abstract has(key: string): Promise<boolean>;
}

/** The two commands that are needed of Redis. */
export interface DetectionRedis {
  set(key: string, value: string, unit: 'PX', milliseconds: number): Promise<unknown>;
  exists(key: string): Promise<number>;
}

/** Longer than an admission takes from one webhook to the other, the longest timeout included. */
const REMEMBERED_MS = 120_000;

/** In Redis, so that every reader knows what another one has told; forgets by itself. */
export class RedisDetectionMemory extends DetectionMemory {
  readonly #redis: DetectionRedis;
  readonly #prefix: string;

  /** Readers at different paces remember for themselves, each under a name of its own. */
  constructor(redis: DetectionRedis, name = 'detected') {
    super();
    this.#redis = redis;
    this.#prefix = `{connaisseur-alerts}:${name}:`;
  }

  async note(key: string): Promise<void> {
    await this.#redis.set(`${this.#prefix}${key}`, '1', 'PX', REMEMBERED_MS);
  }

  async has(key: string): Promise<boolean> {
    return (await this.#redis.exists(`${this.#prefix}${key}`)) > 0;
  }
}

/** The same in this process; for tests. */
export class InMemoryDetectionMemory extends DetectionMemory {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  note(key: string): Promise<void> {
    this.#until.set(key, this.#now() + REMEMBERED_MS);
    return Promise.resolve();
  }

  has(key: string): Promise<boolean> {
    return Promise.resolve((this.#until.get(key) ?? 0) > this.#now());
  }
}

import type { RedisConnection } from './create-redis.js';
import { KEYS } from './names.js';

/** Backstop for the length of the request stream; deadlines and acknowledgements keep it short. */
const MAX_REQUESTS = '10000';

interface Write {
  readonly fields: readonly string[];
  /** The entry's id, or why there is none. */
  readonly done: (id: string | undefined, error: unknown) => void;
}

/** Writes all requests of one turn of the event loop in one pipeline. */
export class RequestWriter {
  readonly #redis: RedisConnection;
  #writes: Write[] = [];
  #deletions: string[] = [];
  #scheduled = false;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  add(fields: readonly string[], done: Write['done']): void {
    this.#writes.push({ fields, done });
    this.#schedule();
  }

  /** Deletes entries that nobody needs to work on any more; best effort. */
  delete(ids: readonly string[]): void {
    this.#deletions.push(...ids);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const [writes, deletions] = [this.#writes, this.#deletions];
    [this.#writes, this.#deletions, this.#scheduled] = [[], [], false];
    const [only] = writes;
    if (only !== undefined && writes.length === 1 && deletions.length === 0) await this.#writeOne(only);
    else await this.#writeAll(writes, deletions);
  }

  /** Most often there is one; a pipeline of one costs as much again as its command. */
  async #writeOne({ fields, done }: Write): Promise<void> {
    try {
      const id = await this.#redis.call('XADD', ...addTo(fields));
      done(typeof id === 'string' ? id : undefined, undefined);
    } catch (error) {
      done(undefined, error);
    }
  }

  async #writeAll(writes: readonly Write[], deletions: readonly string[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const { fields } of writes) pipeline.call('XADD', ...addTo(fields));
    if (deletions.length > 0) pipeline.call('XDEL', KEYS.requests, ...deletions);
    try {
      const results = (await pipeline.exec()) ?? [];
      for (const [index, { done }] of writes.entries()) {
        const [error, id] = results[index] ?? [new Error('no result')];
        done(typeof id === 'string' ? id : undefined, error);
      }
    } catch (error) {
      for (const { done } of writes) done(undefined, error);
    }
  }
}

function addTo(fields: readonly string[]): string[] {
  return [KEYS.requests, 'MAXLEN', '~', MAX_REQUESTS, '*', ...fields];
}

import type { DeliveredDecision, PoisonShelf } from './decision-intake.js';

/** The one command that is needed of Redis. */
export interface ShelfRedis {
  xadd(key: string, cap: 'MAXLEN', about: '~', count: number, id: '*', ...fields: string[]): Promise<unknown>;
}

const KEY = '{connaisseur-alerts}:poison';
const KEPT = 1000;

/** A capped stream: the newest thousand decisions that could not become alerts, with the reason. */
export class RedisPoisonShelf implements PoisonShelf {
  readonly #redis: ShelfRedis;

  constructor(redis: ShelfRedis) {
    this.#redis = redis;
  }

  async put({ id, record }: DeliveredDecision, reason: string): Promise<void> {
    await this.#redis.xadd(
      KEY,
      'MAXLEN',
      '~',
      KEPT,
      '*',
      'id',
      id,
      'reason',
      reason,
      'record',
      JSON.stringify(record),
    );
  }
}

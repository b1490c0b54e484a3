import { hash } from 'node:crypto';

import type { Verdict } from '#contracts';

import type { RedisCommands } from '../decisions/redis-commands.js';
import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import { BriefRedis } from './brief-redis.js';
import {
  SharedVerdicts,
  type SharedVerdictStats,
  toLimits,
  toLiving,
  toVerdict,
  type VerdictLimits,
} from './shared-verdicts.js';
import { MAX_RECORD, openVerdict, type RecordFault, sealVerdict } from './verdict-record.js';

/** What the store has to tell: for metrics and logs. */
export type SharedVerdictEvent =
  | { readonly kind: 'forged'; readonly fault: RecordFault }
  | { readonly kind: 'failed'; readonly cause: unknown };

export interface RedisSharedVerdictsOptions {
  readonly redis: RedisCommands;
  readonly cluster: string;
  /** Public halves of the verifiers' keys. */
  readonly verifier: DecisionVerifier;
  /** A verifier's own key. A gateway has none, so it reads only. */
  readonly signer?: DecisionSigner;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly observe: (event: SharedVerdictEvent) => void;
  readonly limits?: Partial<VerdictLimits>;
  /** Most milliseconds that anybody waits for Redis; 20 where absent. */
  readonly timeoutMs?: number;
}

/** Shared verdicts in Redis, each signed by the verifier that proved it. */
export class RedisSharedVerdicts extends SharedVerdicts {
  readonly #options: RedisSharedVerdictsOptions;
  readonly #limits: VerdictLimits;
  readonly #redis: BriefRedis;
  readonly #stats = { hits: 0, misses: 0, forged: 0, failures: 0, stored: 0 };

  constructor(options: RedisSharedVerdictsOptions) {
    super();
    this.#options = options;
    this.#limits = toLimits(options.limits);
    const { redis, now, timeoutMs } = options;
    this.#redis = new BriefRedis({ redis, now, timeoutMs, onFailure: (cause) => this.#failed(cause) });
  }

  async get(key: string, signal: AbortSignal): Promise<Verdict | undefined> {
    const shared = await this.#read(key, signal);
    this.#stats[shared === undefined ? 'misses' : 'hits'] += 1;
    return shared;
  }

  async put(key: string, verdict: Verdict, ttlMs: number): Promise<void> {
    const { signer, cluster, now } = this.#options;
    const living = toLiving(verdict, now(), ttlMs, this.#limits);
    if (signer === undefined || living === undefined || !this.#redis.isReachable) return;
    const record = sealVerdict({ cluster, key }, living, signer);
    if (record.length > MAX_RECORD) return;
    const reply = await this.#redis.ask([
      'SET',
      this.#redisKey(key),
      record,
      'PX',
      living.until - living.since,
    ]);
    if (reply !== undefined) this.#stats.stored += 1;
  }

  stats(): SharedVerdictStats {
    return { ...this.#stats };
  }

  #failed(cause: unknown): void {
    this.#stats.failures += 1;
    this.#options.observe({ kind: 'failed', cause });
  }

  async #read(key: string, signal: AbortSignal): Promise<Verdict | undefined> {
    if (signal.aborted || !this.#redis.isReachable) return undefined;
    // Anybody may have written the value: never more of it than a record can have.
    const text = await this.#redis.ask(['GETRANGE', this.#redisKey(key), 0, MAX_RECORD], signal);
    if (typeof text !== 'string' || text === '') return undefined;
    const { cluster, verifier, now } = this.#options;
    const opened = openVerdict({ cluster, key }, text, verifier, this.#limits, now());
    if (opened.kind === 'verdict') return toVerdict(opened.living);
    if (opened.kind === 'forged') {
      this.#stats.forged += 1;
      this.#options.observe({ kind: 'forged', fault: opened.fault });
    }
    return undefined;
  }

  /** A hash, so that no key can name another's place; the record names its key in full. */
  #redisKey(key: string): string {
    return `connaisseur:cache:${hash('sha256', JSON.stringify([this.#options.cluster, key]), 'hex')}`;
  }
}

import { hash } from 'node:crypto';

import type { Verdict } from '#contracts';

import type { RedisCommands } from '../decisions/redis-commands.js';
import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import { untilAborted, within } from '../decisions/waiting.js';
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
  /** Most milliseconds that anybody waits for Redis; at most {@link MAX_WAIT_MS}. */
  readonly timeoutMs?: number;
}

export const MAX_WAIT_MS = 50;
const WAIT_MS = 20;
/** After a failure nobody asks for this long: a slow Redis costs one wait and not one for each image, ms. */
const PAUSE_MS = 500;

/** Shared verdicts in Redis, each signed by the verifier that proved it. */
export class RedisSharedVerdicts extends SharedVerdicts {
  readonly #options: RedisSharedVerdictsOptions;
  readonly #limits: VerdictLimits;
  readonly #timeoutMs: number;
  readonly #stats = { hits: 0, misses: 0, forged: 0, failures: 0, stored: 0 };
  #pausedUntil = 0;

  constructor(options: RedisSharedVerdictsOptions) {
    super();
    this.#options = options;
    this.#limits = toLimits(options.limits);
    this.#timeoutMs = Math.min(options.timeoutMs ?? WAIT_MS, MAX_WAIT_MS);
  }

  async get(key: string, signal: AbortSignal): Promise<Verdict | undefined> {
    const shared = await this.#read(key, signal);
    this.#stats[shared === undefined ? 'misses' : 'hits'] += 1;
    return shared;
  }

  async put(key: string, verdict: Verdict, ttlMs: number): Promise<void> {
    const { signer, cluster, now } = this.#options;
    const living = toLiving(verdict, now(), ttlMs, this.#limits);
    if (signer === undefined || living === undefined || !this.#isReachable()) return;
    const record = sealVerdict({ cluster, key }, living, signer);
    if (record.length > MAX_RECORD) return;
    const reply = await this.#ask(['SET', this.#redisKey(key), record, 'PX', living.until - living.since]);
    if (reply !== undefined) this.#stats.stored += 1;
  }

  stats(): SharedVerdictStats {
    return { ...this.#stats };
  }

  async #read(key: string, signal: AbortSignal): Promise<Verdict | undefined> {
    if (signal.aborted || !this.#isReachable()) return undefined;
    // Anybody may have written the value: never more of it than a record can have.
    const text = await this.#ask(['GETRANGE', this.#redisKey(key), 0, MAX_RECORD], signal);
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

  #isReachable(): boolean {
    const pause = this.#pausedUntil - this.#options.now();
    // A clock that was set back does not make the pause longer.
    return this.#options.redis.status === 'ready' && (pause <= 0 || pause > PAUSE_MS);
  }

  /** The reply, or nothing: late and refused are counted, and pause the asking. */
  async #ask([command, ...args]: [string, ...(string | number)[]], signal?: AbortSignal): Promise<unknown> {
    try {
      const reply = within(this.#options.redis.call(command, ...args), this.#timeoutMs);
      return await (signal === undefined ? reply : untilAborted(reply, signal));
    } catch (cause) {
      if (signal?.aborted === true) return undefined;
      this.#stats.failures += 1;
      this.#pausedUntil = this.#options.now() + PAUSE_MS;
      this.#options.observe({ kind: 'failed', cause });
      return undefined;
    }
  }

  /** A hash, so that no key can name another's place; the record names its key in full. */
  #redisKey(key: string): string {
    return `connaisseur:cache:${hash('sha256', JSON.stringify([this.#options.cluster, key]), 'hex')}`;
  }
}

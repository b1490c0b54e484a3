import { hash } from 'node:crypto';

import type { AdmittedWorkload } from '#contracts';

import type { RedisCommands } from '../decisions/redis-commands.js';
import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import { AdmittedWorkloads, isInForce, MAX_ADMITTED_MS, type OwnerPlace } from './admitted-workloads.js';
import { BriefRedis } from './brief-redis.js';
import { MAX_WORKLOAD_RECORD, openWorkload, sealWorkload } from './workload-record.js';

/** What the store has to tell: for metrics and logs. `misplaced`: a gateway's own record, put where it does not belong. */
export type AdmittedWorkloadsEvent =
  | { readonly kind: 'stored' }
  | { readonly kind: 'forged'; readonly fault: 'malformed' | 'signature' | 'misplaced' }
  | { readonly kind: 'failed'; readonly cause: unknown };

export interface RedisAdmittedWorkloadsOptions {
  readonly redis: RedisCommands;
  readonly cluster: string;
  /** The gateways' pen, and the public halves that prove what any of them wrote. */
  readonly signer: DecisionSigner;
  readonly verifier: DecisionVerifier;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly observe: (event: AdmittedWorkloadsEvent) => void;
  /** Most milliseconds that anybody waits for Redis. */
  readonly timeoutMs?: number;
}

/** Admitted workloads in Redis, each signed by the gateway that admitted it. */
export class RedisAdmittedWorkloads extends AdmittedWorkloads {
  readonly #options: RedisAdmittedWorkloadsOptions;
  readonly #redis: BriefRedis;

  constructor(options: RedisAdmittedWorkloadsOptions) {
    super();
    this.#options = options;
    const { redis, now, timeoutMs, observe } = options;
    const onFailure = (cause: unknown): void => observe({ kind: 'failed', cause });
    this.#redis = new BriefRedis({ redis, now, timeoutMs, onFailure });
  }

  async get(owner: OwnerPlace, signal: AbortSignal): Promise<AdmittedWorkload | undefined> {
    if (signal.aborted || !this.#redis.isReachable) return undefined;
    // Anybody may have written the value: never more of it than a record can have.
    const text = await this.#redis.ask(['GETRANGE', this.#key(owner), 0, MAX_WORKLOAD_RECORD], signal);
    if (typeof text !== 'string' || text === '') return undefined;
    const { cluster, verifier, now, observe } = this.#options;
    const opened = openWorkload(cluster, text, verifier);
    if (opened.kind === 'forged') {
      observe({ kind: 'forged', fault: opened.fault });
      return undefined;
    }
    const { workload } = opened;
    if (isInForce(workload, owner, now())) return workload;
    if (workload.uid !== owner.uid || workload.namespace !== owner.namespace) {
      observe({ kind: 'forged', fault: 'misplaced' });
    }
    return undefined;
  }

  async put(workload: AdmittedWorkload): Promise<void> {
    const { cluster, signer, now, observe } = this.#options;
    const lifeMs = Math.floor(Math.min(workload.until - now(), MAX_ADMITTED_MS));
    if (lifeMs <= 0 || !this.#redis.isReachable) return;
    const record = sealWorkload(cluster, workload, signer);
    if (record.length > MAX_WORKLOAD_RECORD) return;
    const reply = await this.#redis.ask(['SET', this.#key(workload), record, 'PX', lifeMs]);
    if (reply !== undefined) observe({ kind: 'stored' });
  }

  /** A hash, so that no name can reach another's place; the record names its owner in full. */
  #key({ namespace, uid }: OwnerPlace): string {
    const place = JSON.stringify([this.#options.cluster, namespace, uid]);
    return `${ADMITTED_KEYS}${hash('sha256', place, 'hex')}`;
  }
}

/** What the keys begin with: gateways read and write here, and nobody else need. */
export const ADMITTED_KEYS = 'connaisseur:admitted:';

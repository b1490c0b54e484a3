import { generateKeyPairSync, randomBytes } from 'node:crypto';

import type { DecisionRecord } from '#contracts';
import {
  type DecisionEvent,
  type DecisionLogLimits,
  type DecisionSource,
  Ed25519Signer,
  Ed25519Verifier,
  type Journal,
  noJournal,
  RedisDecisionLog,
  RedisDecisionSource,
  type StoredDecision,
} from '#bus';
import { aDenial, anAdmission } from '#testing';

import type { TestRedis } from './decisions-redis.js';

export const CLUSTER = '0f8b3c1e-cluster';
export const GATEWAY = 'connaisseur-gateway-7d9f';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
export const SIGNER = new Ed25519Signer('2026-11', privateKey);
export const VERIFIER = new Ed25519Verifier(new Map([['2026-11', publicKey]]));

/** Record number `number`: every third is a denial. */
export function numbered(number: number): DecisionRecord {
  const fields = { uid: `uid-${number}`, time: 1_700_000_000_000 + number };
  return number % 3 === 0 ? aDenial(fields) : anAdmission(fields);
}

export function uidsOf(stored: readonly StoredDecision[]): string[] {
  return stored.map(({ record }) => record.uid);
}

export function uids(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `uid-${from + index}`);
}

/** Logs and sources on one Redis, with everything that they told. */
export class DecisionWorld {
  readonly redis: TestRedis;
  readonly events: DecisionEvent[] = [];

  constructor(redis: TestRedis) {
    this.redis = redis;
  }

  async log(
    options: {
      journal?: Journal;
      limits?: Partial<DecisionLogLimits>;
      gateway?: string;
      signer?: Ed25519Signer;
    } = {},
  ): Promise<RedisDecisionLog> {
    const redis = this.redis.prompt();
    await this.redis.ready(redis);
    return new RedisDecisionLog({
      redis,
      journal: options.journal ?? noJournal,
      writer: { cluster: CLUSTER, gateway: options.gateway ?? GATEWAY, boot: randomBytes(6).toString('hex') },
      signer: options.signer ?? SIGNER,
      observe: (event) => void this.events.push(event),
      limits: options.limits ?? {},
    });
  }

  source(
    options: { claimIdleMs?: number; claimEveryMs?: number; verifier?: Ed25519Verifier } = {},
  ): DecisionSource {
    return new RedisDecisionSource({
      redis: this.redis.patient(),
      connect: () => this.redis.patient(),
      trust: { cluster: CLUSTER, verifier: options.verifier ?? VERIFIER },
      observe: (event) => void this.events.push(event),
      now: () => performance.now(),
      claimIdleMs: options.claimIdleMs ?? 300,
      claimEveryMs: options.claimEveryMs ?? 100,
    });
  }

  told(kind: DecisionEvent['kind']): DecisionEvent[] {
    return this.events.filter((event) => event.kind === kind);
  }
}

/** The first `count` records that come, then the reading ends. */
export async function take(stream: AsyncIterable<StoredDecision>, count: number): Promise<StoredDecision[]> {
  const taken: StoredDecision[] = [];
  if (count === 0) return taken;
  for await (const stored of stream) {
    taken.push(stored);
    if (taken.length === count) break;
  }
  return taken;
}

/** Reads with a group until `done` says so, and waits for the reader's end. */
export async function consumeUntil(
  source: DecisionSource,
  reader: Parameters<DecisionSource['consume']>[0],
  done: (all: readonly StoredDecision[]) => boolean,
): Promise<StoredDecision[]> {
  const all: StoredDecision[] = [];
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(20_000);
  await source.consume(
    reader,
    (batch) => {
      all.push(...batch);
      // After the acknowledgement: an abort cuts the connection.
      if (done(all)) setTimeout(() => stop.abort(), 20);
      return Promise.resolve();
    },
    AbortSignal.any([stop.signal, deadline]),
  );
  return all;
}

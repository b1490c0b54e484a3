import type { RedisConnection } from './create-redis.js';
import { GROUP, KEYS, marksKey } from './names.js';
import type { RedisClock } from './redis-clock.js';
import { claimCursor, claimedEntries, type StreamEntry, textsOf } from './stream-entries.js';
import { isMissingGroup } from './worker-redis.js';

/** A verifier says this often that it lives, and looks this often for work of those that do not, milliseconds. */
export const BEAT_MS = 250;
/** An entry whose owner has been silent for this long may be taken over, milliseconds. */
const CLAIM_IDLE_MS = '1000';
/** A verifier that has not beaten for this long takes no work, milliseconds. */
const ALIVE_MS = 1000;
/** Where a search begins. */
const FIRST = '0-0';
const MAX_SUSPECTS = '1000';
const MAX_QUARANTINED = '256';

/** What a verifier says with a beat. */
export interface BeatInput {
  readonly consumer: string;
  /** Entries that it works on. */
  readonly owned: readonly string[];
  readonly standing: 'open' | 'isolated' | 'leaving';
  /** How many entries of silent verifiers it would take over. */
  readonly claim: number;
  /** Where the last search for them ended: one search looks at a part of what is pending. */
  readonly claimFrom: string;
  /** The run alone that is under way. */
  readonly alone: { readonly subject: string; readonly run: string; readonly mark: string } | undefined;
}

/** What a verifier learns from a beat. */
export interface BeatOutput {
  readonly suspects: readonly string[];
  /** Quarantine records, signed. */
  readonly quarantined: readonly string[];
  /** Verifiers that are not isolated, this one included. */
  readonly openVerifiers: number;
  readonly claimed: readonly StreamEntry[];
  readonly claimNext: string;
  readonly isGroupMissing: boolean;
}

/**
 * One beat, in one pipeline. Own entries are renewed before idle ones are claimed, so that nobody takes over its own work.
 * Throws where Redis refuses anything but a missing group.
 */
export async function beat(
  redis: RedisConnection,
  clock: RedisClock,
  monotonicNow: () => number,
  input: BeatInput,
): Promise<BeatOutput> {
  const sentAt = monotonicNow();
  const now = clock.now();
  const pipeline = redis
    .pipeline()
    .call('TIME')
    .call('ZRANGE', KEYS.suspects, String(now), '+inf', 'BYSCORE', 'LIMIT', '0', MAX_SUSPECTS)
    .call('ZRANGE', KEYS.quarantine, String(now), '+inf', 'BYSCORE', 'LIMIT', '0', MAX_QUARANTINED)
    .call('ZCOUNT', KEYS.verifiers, String(now - ALIVE_MS), '+inf');
  for (const command of standingCommands(input, now)) pipeline.call(...command);
  if (input.owned.length > 0)
    pipeline.call('XCLAIM', KEYS.requests, GROUP, input.consumer, '0', ...input.owned, 'JUSTID');
  if (input.alone !== undefined)
    pipeline.call('HSET', marksKey(input.alone.subject), input.alone.run, input.alone.mark);
  if (input.claim > 0) {
    pipeline.call(
      'XAUTOCLAIM',
      KEYS.requests,
      GROUP,
      input.consumer,
      CLAIM_IDLE_MS,
      '0-0',
      'COUNT',
      String(input.claim),
    );
  }
  const results = (await pipeline.exec()) ?? [];
  clock.set(results[0]?.[1], sentAt);
  return toOutput(results, input.claim > 0);
}

function standingCommands({ standing, consumer }: BeatInput, now: number): readonly [string, ...string[]][] {
  const expired = String(now - 60_000);
  const [to, from] =
    standing === 'isolated' ? [KEYS.isolated, KEYS.verifiers] : [KEYS.verifiers, KEYS.isolated];
  if (standing === 'leaving') {
    return [
      ['ZREM', to, consumer],
      ['ZREM', from, consumer],
    ];
  }
  return [
    ['ZADD', to, String(now), consumer],
    ['ZREM', from, consumer],
    ['ZREMRANGEBYSCORE', to, '-inf', expired],
  ];
}

function toOutput(results: readonly [Error | null, unknown][], claims: boolean): BeatOutput {
  const isGroupMissing = results.some(([error]) => isMissingGroup(error));
  for (const [error] of results) if (error !== null && !isMissingGroup(error)) throw error;
  const [, suspects, quarantined, open] = results.map(([, value]) => value);
  const [claimError, claimed] = claims ? (results.at(-1) ?? [null, undefined]) : [null, undefined];
  return {
    suspects: textsOf(suspects),
    quarantined: textsOf(quarantined),
    openVerifiers: typeof open === 'number' ? open : 0,
    claimed: claimError === null ? claimedEntries(claimed) : [],
    claimNext: claimError === null ? claimCursor(claimed) : FIRST,
    isGroupMissing,
  };
}

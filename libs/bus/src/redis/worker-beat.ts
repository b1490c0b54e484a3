import type { RedisConnection } from './create-redis.js';
import { GROUP, KEYS, marksKey } from './names.js';
import type { RedisClock } from './redis-clock.js';
import { claimCursor, claimedEntries, type StreamEntry, textsOf } from './replies.js';
import { isMissingGroup } from './worker-redis.js';

/** A verifier says this often that it lives, and looks this often for work of those that do not, milliseconds. */
export const BEAT_MS = 250;
/** An entry whose owner has been silent for this long may be taken over, milliseconds. */
const CLAIM_IDLE_MS = '1000';
/** A verifier that has not beaten for this long takes no work, milliseconds. */
const ALIVE_MS = 1000;
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
  /** Entries of its own that are in the stream no longer: who asked has its answer from elsewhere, or has given up. */
  readonly withdrawn: readonly string[];
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
  const pipeline = redis.pipeline();
  const commands = commandsOf(input, now);
  for (const [, ...command] of commands) pipeline.call(...command);
  const results = (await pipeline.exec()) ?? [];
  const answers = new Map(commands.map(([part], index) => [part, results[index]]));
  clock.set(answers.get('time')?.[1], sentAt);
  for (const [error] of results) if (error !== null && !isMissingGroup(error)) throw error;
  const isGroupMissing = results.some(([error]) => isMissingGroup(error));
  return { ...toOutput(answers, input.owned), isGroupMissing };
}

/** What of the output a command is for. */
type Part = 'time' | 'suspects' | 'quarantined' | 'open' | 'standing' | 'owned' | 'alone' | 'claimed';
type Command = readonly [Part, string, ...string[]];
type Answer = readonly [error: Error | null, value: unknown];

function commandsOf(input: BeatInput, now: number): readonly Command[] {
  const { owned, alone, consumer, claim, claimFrom } = input;
  const living = [String(now), '+inf', 'BYSCORE', 'LIMIT', '0'];
  const commands: Command[] = [
    ['time', 'TIME'],
    ['suspects', 'ZRANGE', KEYS.suspects, ...living, MAX_SUSPECTS],
    ['quarantined', 'ZRANGE', KEYS.quarantine, ...living, MAX_QUARANTINED],
    ['open', 'ZCOUNT', KEYS.verifiers, String(now - ALIVE_MS), '+inf'],
    ...standingCommands(input, now).map((command) => ['standing', ...command] as const),
  ];
  if (owned.length > 0)
    commands.push(['owned', 'XCLAIM', KEYS.requests, GROUP, consumer, '0', ...owned, 'JUSTID']);
  if (alone !== undefined) commands.push(['alone', 'HSET', marksKey(alone.subject), alone.run, alone.mark]);
  if (claim > 0) {
    const count = ['COUNT', String(claim)];
    commands.push([
      'claimed',
      'XAUTOCLAIM',
      KEYS.requests,
      GROUP,
      consumer,
      CLAIM_IDLE_MS,
      claimFrom,
      ...count,
    ]);
  }
  return commands;
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

function toOutput(
  answers: ReadonlyMap<Part, Answer | undefined>,
  owned: readonly string[],
): Omit<BeatOutput, 'isGroupMissing'> {
  const valueOf = (part: Part): unknown =>
    answers.get(part)?.[0] === null ? answers.get(part)?.[1] : undefined;
  const open = valueOf('open');
  return {
    suspects: textsOf(valueOf('suspects')),
    quarantined: textsOf(valueOf('quarantined')),
    openVerifiers: typeof open === 'number' ? open : 0,
    withdrawn: missingFrom(valueOf('owned'), owned),
    claimed: claimedEntries(valueOf('claimed')),
    claimNext: claimCursor(valueOf('claimed')),
  };
}

/** XCLAIM names what it renewed; without an answer nothing is known to be gone. */
function missingFrom(renewed: unknown, owned: readonly string[]): readonly string[] {
  if (!Array.isArray(renewed)) return [];
  const living = new Set(textsOf(renewed));
  return owned.filter((id) => !living.has(id));
}

import { toEntries, toFields } from '../redis/replies.js';
import { MAX_BATCH } from './batch-text.js';
import type { DecisionObserver, DecisionStream } from './observer.js';
import { compareEntryIds, nextEntryId } from './record-id.js';
import { type RedisCommands, STREAM_KEYS } from './redis-commands.js';

export interface TrimRules {
  /** About how many records a stream keeps. */
  readonly keep: Readonly<Record<DecisionStream, number>>;
  /** The group whose acknowledgement trimming waits for; a stream that it does not read is not held. */
  readonly heldBy: string;
  /** Trimming waits until a stream is this many times as long. */
  readonly hardFactor: number;
}

/** Records in a batch, as an average over what is on the stream: the streams hold batches, the rules count records. */
interface Fill {
  average: number;
  records: number;
  batches: number;
}

const SAMPLE = 8;

/**
 * Trims by length, but never what the group has not acknowledged, until the hard cap. Plain commands and no script: the
 * gateway's Redis user need not be allowed to run any (reference H21).
 */
export class StreamTrimmer {
  readonly #redis: RedisCommands;
  readonly #rules: TrimRules;
  readonly #observe: DecisionObserver;
  readonly #fill: Partial<Record<DecisionStream, Fill>> = {};
  #trimmedUnread = 0;
  #running = false;

  constructor(redis: RedisCommands, rules: TrimRules, observe: DecisionObserver) {
    this.#redis = redis;
    this.#rules = rules;
    this.#observe = observe;
  }

  get trimmedUnread(): number {
    return this.#trimmedUnread;
  }

  /** Remembers what was written, for the average. */
  note(stream: DecisionStream, records: number): void {
    const fill = this.#fill[stream];
    if (fill === undefined) return;
    fill.records += records;
    fill.batches += 1;
  }

  /** Trims both streams once; what fails is told and tried again the next time. */
  async trim(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (const stream of ['decisions', 'denials'] as const) {
      await this.#trimStream(stream).catch((cause: unknown) =>
        this.#observe({ kind: 'trim-failed', stream, cause }),
      );
    }
    this.#running = false;
  }

  async #trimStream(stream: DecisionStream): Promise<void> {
    const key = STREAM_KEYS[stream];
    const entries = Number(await this.#redis.call('XLEN', key));
    if (entries === 0) return;
    const fill = await this.#averageFill(stream, entries);
    const soft = Math.ceil(this.#rules.keep[stream] / fill);
    if (entries <= soft) return;
    const held = await this.#firstUnacknowledged(key);
    // At most the surplus, and nothing from the first unacknowledged entry on.
    const until = held === undefined ? ['MAXLEN', '~', soft] : ['MINID', '~', held];
    const removed = Number(await this.#redis.call('XTRIM', key, ...until, 'LIMIT', entries - soft));
    if (held === undefined) return;
    const hard = Math.ceil((this.#rules.keep[stream] * this.#rules.hardFactor) / fill);
    const surplus = entries - removed - hard;
    if (surplus > 0) await this.#trimUnread(stream, ['MAXLEN', '~', hard, 'LIMIT', surplus], fill);
  }

  async #trimUnread(stream: DecisionStream, until: (string | number)[], fill: number): Promise<void> {
    const removed = Number(await this.#redis.call('XTRIM', STREAM_KEYS[stream], ...until));
    if (removed === 0) return;
    const records = Math.round(removed * fill);
    this.#trimmedUnread += records;
    this.#observe({ kind: 'trimmed-unread', stream, records });
  }

  /** The oldest entry that the group may still need, or nothing where the group does not read this stream. */
  async #firstUnacknowledged(key: string): Promise<string | undefined> {
    const groups = (await this.#redis.call('XINFO', 'GROUPS', key)) as unknown[];
    const group = groups.map(toFields).find((fields) => fields.get('name') === this.#rules.heldBy);
    if (group === undefined) return undefined;
    const next = nextEntryId(String(group.get('last-delivered-id')));
    if (Number(group.get('pending')) === 0) return next;
    const pending = (await this.#redis.call('XPENDING', key, this.#rules.heldBy)) as unknown[];
    // Acknowledged between the two commands: nothing is pending any more.
    if (typeof pending[1] !== 'string') return next;
    return compareEntryIds(pending[1], next) < 0 ? pending[1] : next;
  }

  /**
   * The average follows what this process writes as slowly as the stream itself changes, so that a flood of full batches
   * does not make older, smaller ones look as full.
   */
  async #averageFill(stream: DecisionStream, entries: number): Promise<number> {
    const fill = (this.#fill[stream] ??= { average: await this.#sampleFill(stream), records: 0, batches: 0 });
    if (fill.batches > 0) {
      const recent = fill.records / fill.batches;
      fill.average += (recent - fill.average) * Math.min(1, fill.batches / entries);
      fill.records = 0;
      fill.batches = 0;
    }
    return fill.average;
  }

  async #sampleFill(stream: DecisionStream): Promise<number> {
    const key = STREAM_KEYS[stream];
    const oldest = toEntries(await this.#redis.call('XRANGE', key, '-', '+', 'COUNT', SAMPLE));
    const newest = toEntries(await this.#redis.call('XREVRANGE', key, '+', '-', 'COUNT', SAMPLE));
    const counts = [...oldest, ...newest].map(({ fields }) => Number(toFields(fields).get('n')));
    // Anybody may have written them: a count that cannot be is taken for one.
    const possible = counts.map((count) => (count >= 1 && count <= MAX_BATCH ? count : 1));
    return possible.reduce((sum, count) => sum + count, 0) / Math.max(1, possible.length);
  }
}

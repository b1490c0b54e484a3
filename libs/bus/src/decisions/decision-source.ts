import type { DecisionRecord } from '#contracts';

import type { DecisionStream } from './observer.js';

/** A record whose signature was checked. */
export interface StoredDecision {
  /** `<stream id>-<index>`: the place to resume after. Ids of the two streams are not comparable. */
  readonly id: string;
  readonly record: DecisionRecord;
  /** `<gateway>/<boot>/<number>`: the same for every copy of a record in its stream, so it is what to deduplicate by. */
  readonly origin: string;
}

export interface GroupReader {
  readonly group: string;
  /** Unique among the readers of the group that live at the same time. */
  readonly consumer: string;
  readonly stream: DecisionStream;
}

export interface TailOptions {
  /** Only what comes after this record; without it only what comes from now on. */
  readonly after?: string;
  readonly denialsOnly?: boolean;
}

export interface HistoryQuery {
  /** Only what is older than this record. */
  readonly before?: string;
  readonly limit: number;
  readonly denialsOnly?: boolean;
  readonly filter?: (record: DecisionRecord) => boolean;
}

export interface HistoryPage {
  /** Newest first. */
  readonly decisions: readonly StoredDecision[];
  /** `before` of the next page; absent where there is nothing older. */
  readonly next?: string;
}

/** Takes a batch. What it resolves for is acknowledged; what it rejects for comes again. */
export type DecisionHandler = (batch: readonly StoredDecision[]) => Promise<void>;

/** Where decisions are read. What no gateway signed is never delivered. */
export abstract class DecisionSource {
  /** Delivers every record at least once to one reader of the group, until `signal` ends; then resolves. */
  abstract consume(reader: GroupReader, handler: DecisionHandler, signal: AbortSignal): Promise<void>;
  /** Everything from a point on, as it comes, with an own cursor. Ends with `signal`; throws `RecordIdError`. */
  abstract tail(options: TailOptions, signal: AbortSignal): AsyncIterable<StoredDecision>;
  /** What was decided before, newest first. Throws `RecordIdError`. */
  abstract history(query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage>;
  /** Forgets a group that nobody reads any more, so that it does not hold back trimming. */
  abstract release(stream: DecisionStream, group: string, signal: AbortSignal): Promise<void>;
}

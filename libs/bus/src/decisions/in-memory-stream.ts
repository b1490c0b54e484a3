import { once } from 'node:events';

import type { DecisionRecord } from '#contracts';

import type { DecisionHandler, HistoryPage, HistoryQuery, StoredDecision } from './decision-source.js';
import { compareEntryIds, parseRecordId, recordId, type RecordPosition } from './record-id.js';
import { backOff } from './waiting.js';

interface Group {
  /** How many of the stream's records were delivered for the first time. */
  delivered: number;
  /** What was delivered and not acknowledged, with the consumer that has it; absent: nobody's any more. */
  readonly pending: Map<StoredDecision, string | undefined>;
}

/** One stream in memory with groups, as Redis has it: batches of one record, ids that grow. */
export class InMemoryStream {
  readonly #records: StoredDecision[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #appended = new EventTarget();

  append(record: DecisionRecord): void {
    const number = this.#records.length;
    this.#records.push({
      id: recordId(`${number + 1}-0`, 0),
      record,
      origin: `${record.gateway}/memory/${number}`,
    });
    this.#appended.dispatchEvent(new Event('append'));
  }

  async consume(
    name: string,
    consumer: string,
    handler: DecisionHandler,
    signal: AbortSignal,
  ): Promise<void> {
    const group = this.#group(name);
    for (let failures = 0; !signal.aborted;) {
      const stored = this.#next(group, consumer);
      if (stored === undefined) {
        await this.#change(signal);
      } else if (await accepts(handler, stored)) {
        group.pending.delete(stored);
        failures = 0;
      } else {
        await backOff(failures, signal);
        failures += 1;
      }
    }
    // A reader that ends leaves what it did not finish to the others.
    for (const [stored, owner] of group.pending) if (owner === consumer) group.pending.set(stored, undefined);
    this.#appended.dispatchEvent(new Event('append'));
  }

  tail(after: string | undefined, signal: AbortSignal): AsyncGenerator<StoredDecision, void, undefined> {
    return this.#read(
      after === undefined ? this.#records.length : this.#indexAfter(parseRecordId(after)),
      signal,
    );
  }

  history({ before, limit, filter }: HistoryQuery): HistoryPage {
    const position = before === undefined ? undefined : parseRecordId(before);
    const older = this.#records.filter(
      ({ id }) => position === undefined || isBefore(parseRecordId(id), position),
    );
    const matching = older.toReversed().filter(({ record }) => filter?.(record) ?? true);
    const decisions = matching.slice(0, Math.max(1, limit));
    const last = decisions.at(-1);
    return decisions.length < Math.max(1, limit) || last === undefined
      ? { decisions }
      : { decisions, next: last.id };
  }

  release(name: string): void {
    this.#groups.delete(name);
  }

  async *#read(from: number, signal: AbortSignal): AsyncGenerator<StoredDecision, void, undefined> {
    for (let index = from; !signal.aborted;) {
      const stored = this.#records[index];
      if (stored === undefined) {
        await this.#change(signal);
      } else {
        index += 1;
        yield stored;
      }
    }
  }

  /** Own unfinished deliveries first, then nobody's, then what is new. */
  #next(group: Group, consumer: string): StoredDecision | undefined {
    for (const [stored, owner] of group.pending) {
      if (owner !== consumer && owner !== undefined) continue;
      group.pending.set(stored, consumer);
      return stored;
    }
    const stored = this.#records[group.delivered];
    if (stored === undefined) return undefined;
    group.delivered += 1;
    group.pending.set(stored, consumer);
    return stored;
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? {
      delivered: 0,
      pending: new Map<StoredDecision, string | undefined>(),
    };
    this.#groups.set(name, group);
    return group;
  }

  #indexAfter(position: RecordPosition): number {
    const index = this.#records.findIndex(({ id }) => isBefore(position, parseRecordId(id)));
    return index < 0 ? this.#records.length : index;
  }

  /** Resolves when there may be something new, or the signal is aborted. */
  async #change(signal: AbortSignal): Promise<void> {
    await once(this.#appended, 'append', { signal }).catch(() => undefined);
  }
}

async function accepts(handler: DecisionHandler, stored: StoredDecision): Promise<boolean> {
  try {
    await handler([stored]);
    return true;
  } catch {
    // The port's contract: what a handler rejects for comes again.
    return false;
  }
}

function isBefore(a: RecordPosition, b: RecordPosition): boolean {
  return (compareEntryIds(a.entry, b.entry) || a.index - b.index) < 0;
}

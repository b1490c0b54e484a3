import type { DecisionRecord } from '#contracts';

import { isDenial } from './decision-codec.js';
import { DecisionLog, DecisionLogError, type DecisionLogStats } from './decision-log.js';
import {
  type DecisionHandler,
  DecisionSource,
  type GroupReader,
  type HistoryPage,
  type HistoryQuery,
  type StoredDecision,
  type TailOptions,
} from './decision-source.js';
import { InMemoryStream } from './in-memory-stream.js';
import type { DecisionStream } from './observer.js';

type Streams = Readonly<Record<DecisionStream, InMemoryStream>>;

/** Both ends of the decisions in one process, without Redis: for tests and the cli. Keeps everything until it ends. */
export class InMemoryDecisions {
  readonly log: DecisionLog;
  readonly source: DecisionSource;

  constructor() {
    const streams: Streams = { decisions: new InMemoryStream(), denials: new InMemoryStream() };
    this.log = new InMemoryDecisionLog(streams);
    this.source = new InMemoryDecisionSource(streams);
  }
}

class InMemoryDecisionLog extends DecisionLog {
  readonly #streams: Streams;
  #written = 0;
  #lost = 0;
  #closed = false;

  constructor(streams: Streams) {
    super();
    this.#streams = streams;
  }

  append(record: DecisionRecord): Promise<void> {
    if (this.#closed) {
      this.#lost += 1;
      const rejection = Promise.reject(
        new DecisionLogError('closed', 'the decision is not recorded: closed'),
      );
      rejection.catch(() => undefined);
      return rejection;
    }
    this.#streams.decisions.append(record);
    if (isDenial(record)) this.#streams.denials.append(record);
    this.#written += 1;
    return Promise.resolve();
  }

  stats(): DecisionLogStats {
    const counts = { written: this.#written, batches: this.#written, lost: this.#lost };
    return { state: 'redis', waiting: 0, journalled: 0, journalBytes: 0, trimmedUnread: 0, ...counts };
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

class InMemoryDecisionSource extends DecisionSource {
  readonly #streams: Streams;

  constructor(streams: Streams) {
    super();
    this.#streams = streams;
  }

  consume(
    { group, consumer, stream }: GroupReader,
    handler: DecisionHandler,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#streams[stream].consume(group, consumer, handler, signal);
  }

  tail({ after, denialsOnly }: TailOptions, signal: AbortSignal): AsyncIterable<StoredDecision> {
    return this.#streams[denialsOnly === true ? 'denials' : 'decisions'].tail(after, signal);
  }

  history(query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage> {
    signal.throwIfAborted();
    return Promise.resolve(
      this.#streams[query.denialsOnly === true ? 'denials' : 'decisions'].history(query),
    );
  }

  release(stream: DecisionStream, group: string): Promise<void> {
    this.#streams[stream].release(group);
    return Promise.resolve();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '#observability';

import type { DecisionStream, DeliveredDecision } from './decision-intake.js';

/** Where decisions are read: what is resolved for is acknowledged, what is rejected comes again. Part of the bus' port. */
export interface DecisionReader {
  consume(
    reader: { readonly group: string; readonly consumer: string; readonly stream: DecisionStream },
    handler: (batch: readonly DeliveredDecision[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What is read by a consumer group of its own, at its own pace. */
export interface SubscriptionOptions {
  readonly source: DecisionReader;
  readonly group: string;
  readonly consumer: string;
  readonly streams?: readonly DecisionStream[];
  /** What it rejects for comes again. The signal ends with the subscription. */
  readonly take: (
    stream: DecisionStream,
    batch: readonly DeliveredDecision[],
    signal: AbortSignal,
  ) => Promise<void>;
  readonly logger: Logger;
}

const STREAMS: readonly DecisionStream[] = ['denials', 'decisions'];
/** Before a reader that failed is started again. */
const RESTART_MS = 1000;

/** Reads both streams, or those that are named, until it is stopped; a reader that fails is started again. */
export class DecisionSubscription {
  readonly #options: SubscriptionOptions;
  readonly #stopping = new AbortController();
  readonly #reading = new Set<DecisionStream>();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  start(): void {
    const { streams = STREAMS } = this.#options;
    this.#ended = Promise.all(streams.map(async (stream) => await this.#read(stream)));
  }

  /** Resolves when the batches under way are done with. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  get reading(): readonly DecisionStream[] {
    return [...this.#reading];
  }

  async #read(stream: DecisionStream): Promise<void> {
    const { source, group, consumer, take, logger } = this.#options;
    const { signal } = this.#stopping;
    const reader = { group, consumer, stream };
    while (!signal.aborted) {
      this.#reading.add(stream);
      try {
        await source.consume(reader, async (batch) => await take(stream, batch, signal), signal);
      } catch (error) {
        logger.error({ stream, err: error }, 'reading decisions failed; it is started again');
      }
      this.#reading.delete(stream);
      // An abort ends the wait; the loop then sees it.
      if (!signal.aborted) await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

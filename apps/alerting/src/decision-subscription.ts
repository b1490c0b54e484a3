import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '#observability';

import type { DecisionIntake, DecisionStream, DeliveredDecision } from './decision-intake.js';

/** Where decisions are read: what is resolved for is acknowledged, what is rejected comes again. Part of the bus' port. */
export interface DecisionReader {
  consume(
    reader: { readonly group: string; readonly consumer: string; readonly stream: DecisionStream },
    handler: (batch: readonly DeliveredDecision[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

const GROUP = 'alerting';
const STREAMS: readonly DecisionStream[] = ['denials', 'decisions'];
/** Before a reader that failed is started again. */
const RESTART_MS = 1000;

/** Reads both streams until it is stopped; a reader that fails is started again. */
export class DecisionSubscription {
  readonly #options: {
    readonly source: DecisionReader;
    readonly consumer: string;
    readonly intake: DecisionIntake;
    readonly logger: Logger;
  };
  readonly #stopping = new AbortController();
  readonly #reading = new Set<DecisionStream>();
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: { source: DecisionReader; consumer: string; intake: DecisionIntake; logger: Logger }) {
    this.#options = options;
  }

  start(): void {
    this.#ended = Promise.all(STREAMS.map(async (stream) => await this.#read(stream)));
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
    const { source, consumer, intake, logger } = this.#options;
    const { signal } = this.#stopping;
    const reader = { group: GROUP, consumer, stream };
    while (!signal.aborted) {
      this.#reading.add(stream);
      try {
        await source.consume(reader, async (batch) => await intake.take(stream, batch), signal);
      } catch (error) {
        logger.error({ stream, err: error }, 'reading decisions failed; it is started again');
      }
      this.#reading.delete(stream);
      // An abort ends the wait; the loop then sees it.
      if (!signal.aborted) await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

import type { Logger } from '#observability';

import { DecisionSubscription, type SubscriptionOptions } from '../decision-subscription.js';
import type { ReportWriter } from './report-writer.js';

/** How often is looked for denials whose report may be written. */
const FLUSH_MS = 1000;

/** Reads decisions for reports, and sees that what the writer holds is written in time and at the end. */
export class ReportReader {
  readonly #writer: ReportWriter;
  readonly #subscription: DecisionSubscription;
  readonly #stopping = new AbortController();
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(writer: ReportWriter, options: Omit<SubscriptionOptions, 'take' | 'group'>) {
    this.#writer = writer;
    this.#logger = options.logger;
    this.#subscription = new DecisionSubscription({
      ...options,
      group: 'policy-reports',
      take: async (stream, batch, signal) => await writer.take(stream, batch, signal),
    });
  }

  start(): void {
    this.#subscription.start();
    this.#timer = setInterval(() => void this.#flush(this.#stopping.signal, false), FLUSH_MS);
    this.#timer.unref();
  }

  /** Resolves when what is held is written, or could not be within a second. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#subscription.stop();
    await this.#flush(AbortSignal.timeout(FLUSH_MS), true);
  }

  async #flush(signal: AbortSignal, all: boolean): Promise<void> {
    try {
      await this.#writer.flush(signal, all);
    } catch (error) {
      if (all) this.#logger.warn({ err: error }, 'the last denials are in no report');
    }
  }
}

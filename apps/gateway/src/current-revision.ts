import { logFindings, type Logger } from '#observability';
import { CurrentEngine, type CurrentEngineOptions, type VerificationEngine } from '#verification';

import type { GatewayMetrics } from './management/gateway-metrics.js';
import { Revision } from './revision.js';

/** The revision in force, and what happens when another one takes its place. */
export class CurrentRevision {
  readonly #engines: CurrentEngine;
  #revision: Revision | undefined;

  /** `onRevision` hears of every revision, the first one too; `before` is the one that it replaces. */
  constructor(
    options: Omit<CurrentEngineOptions, 'onEngine' | 'onFailure'>,
    parts: {
      readonly metrics: GatewayMetrics;
      readonly log: Logger;
      readonly onRevision: (revision: Revision, before: Revision | undefined) => void;
    },
  ) {
    const { metrics, log } = parts;
    const onEngine = (engine: VerificationEngine): void => {
      const before = this.#revision;
      const revision = new Revision(engine);
      this.#revision = revision;
      const weakenings = revision.weakenings();
      metrics.showConfiguration(revision.configuration.revision, weakenings);
      metrics.configReloadFailed.set(0);
      log.info(
        { revision: revision.configuration.revision.slice(0, 12), weakenings },
        'configuration in force',
      );
      // A secret that changed makes a new engine of the same configuration: nothing new to say of that.
      if (before?.configuration !== revision.configuration) logFindings(revision.configuration.findings, log);
      parts.onRevision(revision, before);
    };
    const onFailure = (error: unknown): void => {
      metrics.configReloadFailed.set(1);
      log.error({ err: error }, 'the new configuration is invalid; the last good one stays in force');
    };
    this.#engines = new CurrentEngine({ ...options, onEngine, onFailure });
  }

  get current(): Revision {
    if (this.#revision === undefined) throw new TypeError('expected a configuration, got none yet');
    return this.#revision;
  }

  close(): void {
    this.#engines.close();
  }
}

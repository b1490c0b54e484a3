import type { StreamsServer } from '#bus';
import { HealthReport, type LoopWatch } from '#observability';
import type { VerificationEngine } from '#verification';

import type { NotaryWatch } from './notary-watch.js';

/** Ready is: a configuration and a place on the bus. Without Redis there is no work, and that is detail. */
export class VerifierHealth extends HealthReport {
  readonly #server: Pick<StreamsServer, 'health'>;
  readonly #engine: () => VerificationEngine;
  readonly #loop: Pick<LoopWatch, 'report'>;
  readonly #notary: Pick<NotaryWatch, 'report'>;

  constructor(
    server: Pick<StreamsServer, 'health'>,
    engine: () => VerificationEngine,
    loop: Pick<LoopWatch, 'report'>,
    notary: Pick<NotaryWatch, 'report'>,
  ) {
    super();
    this.#server = server;
    this.#engine = engine;
    this.#loop = loop;
    this.#notary = notary;
  }

  override isReady(): boolean {
    return !['closing', 'closed'].includes(this.#server.health()?.state ?? 'starting');
  }

  override detail(): Record<string, unknown> {
    const { configuration } = this.#engine();
    return {
      configuration: {
        revision: configuration.revision.slice(0, 12),
        warnings: configuration.findings.length,
      },
      bus: this.#server.health(),
      eventLoop: this.#loop.report(),
      notaryServers: this.#notary.report(),
    };
  }
}

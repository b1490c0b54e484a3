import { HealthReport } from '#observability';

import type { GatewayParts } from '../gateway-parts.js';
import type { WebhookLifecycle } from '../webhook-lifecycle.js';

/** What a gateway says of itself: ready with a configuration and a listener; Redis and verifiers are detail. */
export class GatewayHealth extends HealthReport {
  readonly #parts: GatewayParts;
  readonly #lifecycle: WebhookLifecycle;

  constructor(parts: GatewayParts, lifecycle: WebhookLifecycle) {
    super();
    this.#parts = parts;
    this.#lifecycle = lifecycle;
  }

  override isReady(): boolean {
    return this.#lifecycle.address !== undefined;
  }

  override detail(): Record<string, unknown> {
    const revision = this.#parts.revision();
    const { configuration } = revision;
    const { state, waiting, journalBytes, lost } = this.#parts.decisions.stats();
    return {
      configuration: {
        revision: configuration.revision.slice(0, 12),
        warnings: configuration.findings.length,
      },
      weakenings: revision.weakenings(),
      bus: this.#parts.bus.health(),
      decisions: { state, waiting, journalBytes, lost },
      eventLoop: this.#parts.loop.report(),
    };
  }
}

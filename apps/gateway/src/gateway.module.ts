import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Injectable,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { HealthReport, ManagementModule } from '#observability';

import type { GatewayOptions } from './gateway-options.js';
import type { GatewayParts } from './gateway-parts.js';

/** Where the webhook listens once it does. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** Ties the webhook to Nest's lifecycle: it listens last, and it is the first to stop. */
@Injectable()
export class WebhookLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #parts: GatewayParts;
  readonly #listen: ListeningAddress;
  #address: ListeningAddress | undefined;

  constructor(parts: GatewayParts, listen: ListeningAddress) {
    this.#parts = parts;
    this.#listen = listen;
  }

  /** Undefined until it listens. */
  get address(): ListeningAddress | undefined {
    return this.#address;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { address, port } = await this.#parts.server.listen(this.#listen.host, this.#listen.port);
    this.#address = { host: address, port };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#address = undefined;
    await this.#parts.close();
  }
}

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

/** The gateway as a Nest module: the webhook server with its lifecycle, and the management port. */
@Module({})
export class GatewayModule {
  static register(parts: GatewayParts, options: Pick<GatewayOptions, 'listen'>): DynamicModule {
    const lifecycle = new WebhookLifecycle(parts, options.listen);
    return {
      module: GatewayModule,
      imports: [
        ManagementModule.register({ report: new GatewayHealth(parts, lifecycle), registry: parts.metrics }),
      ],
      providers: [{ provide: WebhookLifecycle, useValue: lifecycle }],
      exports: [WebhookLifecycle],
    };
  }
}

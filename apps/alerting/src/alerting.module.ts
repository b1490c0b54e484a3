import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Registry } from 'prom-client';

import { HealthReport, ManagementModule } from '#observability';

import {
  type AlertingService,
  type AlertingServiceOptions,
  createAlertingService,
} from './alerting-service.js';

/** Token of the service: an interface has none of its own. */
export const ALERTING = 'connaisseur.alerting';

/** Readiness is a valid configuration and a started service; Redis and receivers are detail. */
class AlertingHealthReport extends HealthReport {
  readonly #service: AlertingService;

  constructor(service: AlertingService) {
    super();
    this.#service = service;
  }

  isReady(): boolean {
    return this.#service.health().ready;
  }

  detail(): Record<string, unknown> {
    return { ...this.#service.health() };
  }
}

@Injectable()
class AlertingLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(ALERTING) private readonly service: AlertingService) {}

  onApplicationBootstrap(): void {
    this.service.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.service.close();
  }
}

/** Alert delivery with its management endpoints: `/health`, `/ready`, `/metrics`. */
@Module({})
export class AlertingModule {
  static register(options: AlertingServiceOptions & { readonly registry: Registry }): DynamicModule {
    const service = createAlertingService(options);
    return {
      module: AlertingModule,
      imports: [
        ManagementModule.register({ report: new AlertingHealthReport(service), registry: options.registry }),
      ],
      providers: [{ provide: ALERTING, useValue: service }, AlertingLifecycle],
      exports: [ALERTING],
    };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';

import { ManagementModule } from '#observability';

import type { GatewayParts } from './gateway-parts.js';
import { GatewayHealth } from './management/gateway-health.js';
import { WebhookLifecycle } from './webhook-lifecycle.js';

/** The gateway as a Nest module: the webhook server with its lifecycle, and the management port. */
@Module({})
export class GatewayModule {
  static register(parts: GatewayParts, lifecycle: WebhookLifecycle): DynamicModule {
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

import 'reflect-metadata';

import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { NestLog } from '#observability';

import { GatewayModule } from './gateway.module.js';
import type { GatewayOptions } from './gateway-options.js';
import type { GatewayParts } from './gateway-parts.js';
import type { WebhookLifecycle } from './webhook-lifecycle.js';

/** The Nest application around a webhook that may listen already: takes over its lifecycle and serves the management port. */
export async function startApplication(
  options: GatewayOptions,
  parts: GatewayParts,
  lifecycle: WebhookLifecycle,
): Promise<INestApplication> {
  const app = await NestFactory.create(GatewayModule.register(parts, lifecycle), {
    logger: new NestLog(options.log),
    abortOnError: false,
    bodyParser: false,
  });
  const { management } = options;
  try {
    await (management === undefined ? app.init() : app.listen(management.port, management.host));
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

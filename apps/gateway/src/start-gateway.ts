import 'reflect-metadata';

import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { NestLog } from '#observability';

import { GatewayModule, type ListeningAddress, WebhookLifecycle } from './gateway.module.js';
import type { GatewayOptions } from './gateway-options.js';
import { createGatewayParts, type GatewayParts } from './gateway-parts.js';

/** A gateway that answers. */
export interface RunningGateway {
  readonly address: ListeningAddress;
  readonly parts: GatewayParts;
  /** Finishes what is in flight, writes what is to be written, then resolves. */
  close(): Promise<void>;
}

/** Starts a gateway; resolves when both webhooks answer. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const parts = await createGatewayParts(options);
  const module = GatewayModule.register(parts, options);
  const settings = { logger: new NestLog(options.log), abortOnError: false };
  let app: INestApplicationContext;
  if (options.management === undefined) {
    app = await NestFactory.createApplicationContext(module, settings);
  } else {
    const http = await NestFactory.create(module, { ...settings, bodyParser: false });
    await http.listen(options.management.port, options.management.host);
    app = http;
  }
  const { address } = app.get(WebhookLifecycle);
  if (address === undefined) throw new Error('the webhook did not start to listen');
  options.log.info({ ...address }, 'webhooks listen');
  return { address, parts, close: () => app.close() };
}

import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { exitOnFault, NestLog } from '#observability';

import { GatewayModule, type ListeningAddress, WebhookLifecycle } from './gateway.module.js';
import type { GatewayOptions } from './gateway-options.js';
import { createGatewayParts, type GatewayParts } from './gateway-parts.js';

/** A gateway that answers. */
export interface RunningGateway {
  readonly address: ListeningAddress;
  /** `http://host:port` of the management port. */
  readonly managementUrl: string | undefined;
  readonly parts: GatewayParts;
  /** Finishes what is in flight, writes what is to be written, then resolves. */
  close(): Promise<void>;
}

/** Starts a gateway; resolves when both webhooks answer. Where it cannot start, nothing of it stays. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const undo = new AsyncDisposableStack();
  try {
    undo.defer(exitOnFault(options.log));
    const parts = await createGatewayParts(options);
    const app = await NestFactory.create(GatewayModule.register(parts, options), {
      logger: new NestLog(options.log),
      abortOnError: false,
      bodyParser: false,
    });
    // Closes the parts too, first of all.
    undo.defer(() => app.close());
    const { management } = options;
    await (management === undefined ? app.init() : app.listen(management.port, management.host));
    const { address } = app.get(WebhookLifecycle);
    if (address === undefined) throw new Error('the webhook did not start to listen');
    options.log.info({ ...address }, 'webhooks listen');
    const managementUrl = management === undefined ? undefined : await app.getUrl();
    return { address, managementUrl, parts, close: () => undo.disposeAsync() };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

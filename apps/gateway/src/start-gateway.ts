import { setTimeout as pause } from 'node:timers/promises';

import { exitOnFault } from '#observability';
import { loadHttpClient } from '#registry';

import type { GatewayOptions } from './gateway-options.js';
import { createGatewayParts, type GatewayParts } from './gateway-parts.js';
import { type ListeningAddress, WebhookLifecycle } from './webhook-lifecycle.js';

/** Between two pieces of what is loaded while we answer, ms: for the handshakes and admissions that came meanwhile. */
const PAUSE_MS = 20;

/** A gateway that answers. */
export interface RunningGateway {
  readonly address: ListeningAddress;
  /** `http://host:port` of the management port. */
  readonly managementUrl: string | undefined;
  readonly parts: GatewayParts;
  /** Finishes what is in flight, writes what is to be written, then resolves. */
  close(): Promise<void>;
}

/**
 * Starts a gateway: both webhooks answer first, what they can do without comes after them; resolves when all of it is there.
 * Where it cannot start, nothing of it stays.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const undo = new AsyncDisposableStack();
  try {
    undo.defer(exitOnFault(options.log));
    const parts = await createGatewayParts(options);
    const lifecycle = new WebhookLifecycle(parts, options.listen);
    undo.defer(() => lifecycle.close());
    const address = await lifecycle.listen();
    options.log.info({ ...address }, 'webhooks listen');
    await loadTheRest();
    const { startApplication } = await import('./start-application.js');
    const app = await startApplication(options, parts, lifecycle);
    // Closes the parts too, first of all.
    undo.defer(() => app.close());
    const managementUrl = options.management === undefined ? undefined : await app.getUrl();
    return { address, managementUrl, parts, close: () => undo.disposeAsync() };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

/** Piece by piece: while one is loaded nobody is answered. */
async function loadTheRest(): Promise<void> {
  const pieces = [
    loadHttpClient,
    () => import('rxjs'),
    () => import('@nestjs/common'),
    () => import('@nestjs/core'),
    () => import('@nestjs/microservices'),
    () => import('@nestjs/platform-express'),
  ];
  for (const load of pieces) {
    await pause(PAUSE_MS);
    await load();
  }
}

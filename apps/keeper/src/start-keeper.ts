import 'reflect-metadata';

import { setTimeout as sleep } from 'node:timers/promises';

import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';

import type { KubernetesApi } from '#kubernetes';
import { exitOnFault, type Logger, NestLog } from '#observability';

import type { ClusterSettings } from './cluster-settings.js';
import { Keeper } from './keeper.js';
import { KeeperHealth } from './keeper-health.js';
import { runKeeperLoop } from './keeper-loop.js';
import { KeeperMetrics } from './keeper-metrics.js';
import { KeeperModule } from './keeper.module.js';
import type { WebhookManifest } from './webhook-manifests.js';

export interface KeeperOptions {
  readonly api: KubernetesApi;
  readonly settings: () => ClusterSettings;
  readonly manifests: () => readonly WebhookManifest[];
  readonly management: { readonly host: string; readonly port: number } | undefined;
  /** Of this process, in the Lease. */
  readonly name: string;
  readonly log: Logger;
  readonly registry?: Registry;
}

/** A keeper at work. */
export interface RunningKeeper {
  /** `http://host:port` of the management port. */
  readonly managementUrl: string | undefined;
  close(): Promise<void>;
}

/** Longest time between two looks: three of them fit into the time in which a drift must be seen. */
const LONGEST_MS = 10_000;

/** Starts a keeper; resolves when its management port answers. */
export async function startKeeper(options: KeeperOptions): Promise<RunningKeeper> {
  const { api, log, management, settings, manifests, name } = options;
  const registry = options.registry ?? new Registry();
  const undo = new AsyncDisposableStack();
  undo.defer(exitOnFault(log));
  undo.defer(() => api.close());
  const metrics = new KeeperMetrics(registry);
  const keeper = new Keeper({
    api,
    settings,
    manifests,
    identity: name,
    metrics,
    log,
    now: () => new Date(),
  });
  const health = new KeeperHealth(() => keeper.lastLook);
  const app = await NestFactory.create(KeeperModule.register(health, registry), {
    logger: new NestLog(log),
    abortOnError: false,
  });
  undo.defer(() => app.close());
  await (management === undefined ? app.init() : app.listen(management.port, management.host));
  const stop = new AbortController();
  const everyMs = Math.min((settings().driftSeconds * 1000) / 2, LONGEST_MS);
  const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    sleep(milliseconds, undefined, { signal });
  const loop = runKeeperLoop({ api, keeper, sleep: wait, everyMs }, stop.signal);
  undo.defer(async () => {
    stop.abort();
    await loop;
  });
  log.info({ name }, 'keeper looks after the webhooks');
  return {
    managementUrl: management === undefined ? undefined : await app.getUrl(),
    close: () => undo.disposeAsync(),
  };
}

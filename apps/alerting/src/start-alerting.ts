import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';

import type { TemplateSource } from '#alerts';
import { NestLog } from '#observability';

import { ALERTING, AlertingModule } from './alerting.module.js';
import type { AlertingService, AlertingServiceOptions, AlertingSlice } from './alerting-service.js';

/** A new configuration, and the templates where they were read again. */
export interface AlertingUpdate {
  readonly configuration: AlertingSlice;
  readonly templates?: readonly TemplateSource[];
}

export interface StartAlertingOptions extends Omit<AlertingServiceOptions, 'registry' | 'now' | 'random'> {
  readonly registry?: Registry;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Where `/health`, `/ready` and `/metrics` are served; nowhere without it. Port 0 takes a free one. */
  readonly management?: { readonly host: string; readonly port: number };
  /** Tells about every later configuration; returns the function that ends it. */
  readonly subscribe?: (listener: (update: AlertingUpdate) => void) => () => void;
}

/** A running alerting service. */
export interface RunningAlerting {
  readonly service: AlertingService;
  /** `http://host:port` of the management port. */
  readonly managementUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts alert delivery with its management port; resolves when it reads decisions. */
export async function startAlerting(options: StartAlertingOptions): Promise<RunningAlerting> {
  const {
    registry = new Registry(),
    now = Date.now,
    random = Math.random,
    management,
    subscribe,
    logger,
  } = options;
  const module = AlertingModule.register({ ...options, registry, now, random });
  const app = await NestFactory.create(module, { logger: new NestLog(logger), abortOnError: false });
  await (management === undefined ? app.init() : app.listen(management.port, management.host));
  const service = app.get<AlertingService>(ALERTING);
  const unsubscribe = subscribe?.(({ configuration, templates }) => {
    service.apply(configuration, templates);
  });
  return {
    service,
    managementUrl: management === undefined ? undefined : await app.getUrl(),
    close: async () => {
      unsubscribe?.();
      await app.close();
    },
  };
}

import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Registry } from 'prom-client';

import { createRedis, StreamsServer } from '#bus';
import { HealthReport, NestLog } from '#observability';
import { createTransport } from '#registry';
import { CurrentEngine, readIfPresent } from '#verification';

import { VerificationService } from './verification.service.js';
import { VerifierMetrics } from './verifier-metrics.js';
import type { VerifierOptions } from './verifier-options.js';
import { VerifierModule } from './verifier.module.js';

/** A verifier that takes work. */
export interface RunningVerifier {
  close(): Promise<void>;
}

/** Starts a verifier; resolves when it reads from the bus (or waits for Redis to be there). */
export async function startVerifier(options: VerifierOptions): Promise<RunningVerifier> {
  const registry = options.registry ?? new Registry();
  const metrics = new VerifierMetrics(registry);
  const transport = createTransport({
    onRequest: ({ host, status }) => metrics.registryRequests.inc({ registry: host, code: String(status) }),
  });
  const engines = createEngines(options, metrics, transport);
  const server = createServer(options, metrics);
  const redis = createRedis(options.redis, 'prompt');
  const service = new VerificationService({
    engine: () => engines.engine,
    shared: { get: async () => undefined, put: async () => undefined },
    observer: {
      onVerdict: (verdict, validator, cached, seconds) =>
        metrics.observe(verdict, validator, cached, seconds),
    },
    now: Date.now,
  });
  const module = VerifierModule.register(service, new VerifierHealth(server), registry);
  const app = await NestFactory.create(module, {
    logger: new NestLog(options.log),
    abortOnError: false,
    bodyParser: false,
  });
  app.connectMicroservice<MicroserviceOptions>({ strategy: server });
  await app.startAllMicroservices();
  if (options.management === undefined) await app.init();
  else await app.listen(options.management.port, options.management.host);
  options.log.info({ name: options.name }, 'verifier takes work');
  return {
    close: async () => {
      await app.close();
      engines.close();
      redis.disconnect();
      await transport.close();
    },
  };
}

type Transport = ReturnType<typeof createTransport>;

function createEngines(
  options: VerifierOptions,
  metrics: VerifierMetrics,
  transport: Transport,
): CurrentEngine {
  const { log } = options;
  return new CurrentEngine({
    ...options,
    transport,
    readFile: readIfPresent,
    clock: () => new Date(),
    onFault: (error) => log.error({ err: error }, 'internal fault while verifying'),
    onEngine: ({ configuration }) => {
      metrics.configReloadFailed.set(0);
      log.info({ revision: configuration.revision.slice(0, 12) }, 'configuration in force');
    },
    onFailure: (error) => {
      metrics.configReloadFailed.set(1);
      log.error({ err: error }, 'the new configuration is invalid; the last good one stays in force');
    },
  });
}

function createServer(options: VerifierOptions, metrics: VerifierMetrics): StreamsServer {
  return new StreamsServer({
    connect: (role) => createRedis(options.redis, role),
    keys: () => {
      const { requests, verdicts } = options.keys();
      if (requests === undefined || verdicts === undefined || !verdicts.canSign) {
        throw new Error('a verifier needs <id>.requests.key and <id>.verdicts.key in the key directory');
      }
      return { requests, verdicts };
    },
    cluster: options.cluster,
    verifier: options.name,
    observer: {
      observe: (event) => {
        metrics.bus.inc({ event: event.kind });
        if (event.kind === 'handler-failed') options.log.error({ err: event.error }, 'bus: handler-failed');
        else if (event.kind === 'quarantined' || event.kind === 'forged') {
          options.log.warn({ ...event, kind: undefined }, `bus: ${event.kind}`);
        } else if (event.kind === 'state') {
          const { state, text } = event;
          options.log[state === 'isolated' ? 'warn' : 'info']({ state }, `bus: ${text}`);
        }
      },
    },
  });
}

/** Ready is: a configuration and a place on the bus. Without Redis there is no work, and that is detail. */
class VerifierHealth extends HealthReport {
  readonly #server: StreamsServer;

  constructor(server: StreamsServer) {
    super();
    this.#server = server;
  }

  override isReady(): boolean {
    return !['closing', 'closed'].includes(this.#server.health()?.state ?? 'starting');
  }

  override detail(): Record<string, unknown> {
    return { bus: this.#server.health() };
  }
}

import 'reflect-metadata';

import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Registry } from 'prom-client';

import {
  createRedis,
  floorSigner,
  floorVerifier,
  loadStreamsTransport,
  type RedisConnection,
  RedisSharedVerdicts,
  RedisVersionFloors,
  type VerifierKeys,
  verdictSigner,
  verdictVerifier,
} from '#bus';
import { exitOnFault, logFindings, LoopWatch, NestLog } from '#observability';
import { createTransport, type HttpTransport } from '#registry';
import { FloorStore } from '#validator-notaryv1';
import {
  CurrentEngine,
  namedHosts,
  type NotaryMemory,
  openKeychain,
  readIfPresent,
  SharedProofs,
  type VerificationEngine,
} from '#verification';

import { NotaryWatch } from './notary-watch.js';
import { observeBus, observeSharedVerdicts, observeVerdicts } from './observers.js';
import { VerificationService } from './verification.service.js';
import { VerifierHealth } from './verifier-health.js';
import { VerifierMetrics } from './verifier-metrics.js';
import type { VerifierOptions } from './verifier-options.js';
import { VerifierModule } from './verifier.module.js';

/** A verifier that takes work. */
export interface RunningVerifier {
  /** `http://host:port` of the management port. */
  readonly managementUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts a verifier; resolves when it reads from the bus (or waits for Redis to be there). */
export async function startVerifier(options: VerifierOptions): Promise<RunningVerifier> {
  const undo = new AsyncDisposableStack();
  try {
    undo.defer(exitOnFault(options.log));
    const app = await startApplication(options, undo);
    options.log.info({ name: options.name }, 'verifier takes work');
    const managementUrl = options.management === undefined ? undefined : await app.getUrl();
    return { managementUrl, close: () => undo.disposeAsync() };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

/** Everything that is opened is closed by `undo`, the last first: the bus ends before what its work needs. */
async function startApplication(
  options: VerifierOptions,
  undo: AsyncDisposableStack,
): Promise<INestApplication> {
  const registry = options.registry ?? new Registry();
  const metrics = new VerifierMetrics(registry);
  const keys = verifierKeys(options);
  let hosts: ReadonlySet<string> = new Set();
  const transport = createTransport({
    onRequest: ({ host, status }) =>
      metrics.registryRequests.inc({ registry: hosts.has(host) ? host : 'other', code: String(status) }),
  });
  undo.defer(() => transport.close());
  const redis = createRedis(options.redis, 'prompt');
  undo.defer(() => redis.disconnect());
  const notary = new NotaryWatch(registry, options.log, Date.now);
  const floors = new FloorStore(createSharedFloors(options, notary, redis, keys));
  const memory = { floors, observe: notary.observe };
  const engines = createEngines({ ...options, notary: memory }, metrics, transport, (engine) => {
    hosts = namedHosts(engine.configuration);
  });
  undo.defer(() => engines.close());
  const loop = new LoopWatch(registry);
  undo.defer(() => loop.close());
  const observer = observeVerdicts(metrics, options.log);
  const shared = createSharedProofs(options, metrics, redis, keys);
  const engine = (): VerificationEngine => engines.engine;
  const service = new VerificationService({ engine, shared, observer, now: Date.now });
  const { StreamsServer } = await loadStreamsTransport();
  const server = new StreamsServer({
    connect: (role) => createRedis(options.redis, role),
    keys,
    cluster: options.cluster,
    verifier: options.name,
    observer: observeBus(metrics.bus, options.log),
  });
  const health = new VerifierHealth(server, engine, loop, notary);
  const app = await NestFactory.create(VerifierModule.register(service, health, registry), {
    logger: new NestLog(options.log),
    abortOnError: false,
    bodyParser: false,
  });
  undo.defer(() => app.close());
  app.connectMicroservice<MicroserviceOptions>({ strategy: server });
  await app.startAllMicroservices();
  if (options.management === undefined) await app.init();
  else await app.listen(options.management.port, options.management.host);
  return app;
}

/** The keys of now; throws at once where a verifier cannot work with what is there. */
function verifierKeys({ keys }: VerifierOptions): () => VerifierKeys {
  const current = (): VerifierKeys => {
    const { requests, verdicts } = keys();
    if (requests === undefined || verdicts === undefined || !verdicts.canSign) {
      throw new Error('a verifier needs <id>.requests.key and <id>.verdicts.key in the key directory');
    }
    return { requests, verdicts };
  };
  current();
  return current;
}

function createSharedProofs(
  options: VerifierOptions,
  metrics: VerifierMetrics,
  redis: RedisConnection,
  keys: () => VerifierKeys,
): SharedProofs {
  const verdictKeys = (): VerifierKeys['verdicts'] => keys().verdicts;
  return new SharedProofs({
    now: Date.now,
    open: (limits) =>
      new RedisSharedVerdicts({
        redis,
        cluster: options.cluster,
        verifier: verdictVerifier(verdictKeys),
        signer: verdictSigner(verdictKeys),
        now: Date.now,
        observe: observeSharedVerdicts(metrics.sharedVerdicts, options.log),
        limits,
      }),
  });
}

function createSharedFloors(
  { cluster }: VerifierOptions,
  notary: NotaryWatch,
  redis: RedisConnection,
  keys: () => VerifierKeys,
): RedisVersionFloors {
  const verdictKeys = (): VerifierKeys['verdicts'] => keys().verdicts;
  return new RedisVersionFloors({
    redis,
    cluster,
    verifier: floorVerifier(verdictKeys),
    signer: floorSigner(verdictKeys),
    now: Date.now,
    observe: notary.observeFloors,
  });
}

function createEngines(
  options: VerifierOptions & { readonly notary: NotaryMemory },
  metrics: VerifierMetrics,
  transport: HttpTransport,
  onEngine: (engine: CurrentEngine['engine']) => void,
): CurrentEngine {
  const { log } = options;
  let told = '';
  return new CurrentEngine({
    ...options,
    transport,
    keychain: openKeychain(transport, process.env),
    readFile: readIfPresent,
    clock: () => new Date(),
    onFault: (error) => log.error({ err: error }, 'internal fault while verifying'),
    onEngine: (engine) => {
      onEngine(engine);
      metrics.configReloadFailed.set(0);
      const { revision, findings } = engine.configuration;
      log.info({ revision: revision.slice(0, 12) }, 'configuration in force');
      // A new secret opens an engine too; the findings are the same then.
      if (revision !== told) logFindings(findings, log);
      told = revision;
    },
    onFailure: (error) => {
      metrics.configReloadFailed.set(1);
      log.error({ err: error }, 'the new configuration is invalid; the last good one stays in force');
    },
  });
}

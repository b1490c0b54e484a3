import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AlertSender, readTemplates, TemplateCatalogue } from '#alerts';
import {
  createRedis,
  type DecisionLog,
  decisionSigner,
  type Journal,
  LocalJournal,
  noJournal,
  openJournalFile,
  type RedisConnection,
  RedisDecisionLog,
  RedisVerificationBus,
  type VerificationBus,
} from '#bus';
import type { Logger } from '#observability';
import { createTransport, type HttpTransport } from '#registry';
import { CurrentEngine, readIfPresent, type VerificationEngine } from '#verification';
import { Registry } from 'prom-client';

import { AdmissionReviewer } from './admission/admission-reviewer.js';
import { ImageJudge } from './admission/image-judge.js';
import { MandatoryAlerts } from './admission/mandatory-alerts.js';
import type { GatewayOptions } from './gateway-options.js';
import { GatewayMetrics } from './management/gateway-metrics.js';
import { busObserver, decisionObserver } from './management/observers.js';
import { Revision } from './revision.js';
import { DirectVerification, type LocalVerification } from './verdicts/local-verification.js';
import { ThreadedVerification } from './verdicts/threaded-verification.js';
import { VerdictService } from './verdicts/verdict-service.js';
import { notAfter } from './webhook/tls-material.js';
import { WebhookServer } from './webhook/webhook-server.js';

const ALERT_TIMEOUT_MS = 3_000;
const FLUSH_MS = 5_000;

/** The pure objects of a gateway, wired; Nest's module is the shell around them. */
export interface GatewayParts {
  readonly metrics: Registry;
  readonly server: WebhookServer;
  readonly bus: VerificationBus;
  readonly decisions: DecisionLog;
  /** The configuration in force. */
  readonly revision: () => Revision;
  /** In the order that loses nothing: answer, then write, then let go. */
  close(): Promise<void>;
}

/** Builds a gateway. Throws where it cannot serve: no valid configuration, no certificate, no keys. */
export async function createGatewayParts(options: GatewayOptions): Promise<GatewayParts> {
  const { log } = options;
  const registry = options.registry ?? new Registry();
  const metrics = new GatewayMetrics(registry);
  const onFault = (error: unknown, doing = 'verifying'): void =>
    log.error({ err: error, doing }, 'internal fault');
  const transport = createTransport({
    onRequest: ({ host, status }) => metrics.registryRequests.inc({ registry: host, code: String(status) }),
  });
  let revision: Revision | undefined;
  const inForce = (): Revision => {
    if (revision === undefined) throw new Error('there is no configuration yet');
    return revision;
  };
  const local = createLocal(options, metrics, () => inForce().engine);
  const engines = new CurrentEngine({
    ...options,
    transport,
    readFile: readIfPresent,
    clock: () => new Date(),
    onFault,
    onEngine: (engine) => {
      revision = new Revision(engine);
      showRevision(revision, metrics, log);
      if (local instanceof ThreadedVerification) local.renew();
    },
    onFailure: (error) => {
      metrics.configReloadFailed.set(1);
      log.error({ err: error }, 'the new configuration is invalid; the last good one stays in force');
    },
  });
  const bus = createBus(options, metrics);
  const decisionsRedis = createRedis(options.redis, 'prompt');
  const decisions = await createDecisionLog(options, metrics, decisionsRedis);
  const verdicts = new VerdictService({
    bus,
    local,
    now: Date.now,
    observer: {
      onCache: (result) => metrics.cache.inc({ result }),
      onFallback: (reason) => metrics.fallbacks.inc({ reason }),
    },
  });
  const reviewer = new AdmissionReviewer({
    revision: inForce,
    judge: new ImageJudge(verdicts),
    decisions,
    mandatoryAlerts: await createMandatoryAlerts(options, transport, metrics),
    recordedBy: { cluster: options.cluster, gateway: options.name, now: Date.now },
    observe: (record, seconds) => metrics.observe(record, seconds),
    onFault,
  });
  const server = new WebhookServer({
    tls: options.tls,
    onError: onFault,
    handler: {
      review: (body, call) => reviewer.review(body, call),
      isReady: () => true,
      onRequest: (phase) => {
        if (phase === 'mutate') metrics.requests.inc();
      },
    },
  });
  metrics.certificateExpiry.set(notAfter(options.tls.read()) / 1000);
  const close = async (): Promise<void> => {
    await server.close();
    engines.close();
    await decisions
      .close(AbortSignal.timeout(FLUSH_MS))
      .catch((error: unknown) => onFault(error, 'writing the last decisions'));
    decisionsRedis.disconnect();
    await Promise.all([bus.close(), local.close(), transport.close()]);
  };
  return { metrics: registry, server, bus, decisions, revision: inForce, close };
}

function showRevision(revision: Revision, metrics: GatewayMetrics, log: Logger): void {
  const hash = revision.configuration.revision;
  const weakenings = revision.weakenings();
  metrics.showConfiguration(hash, weakenings);
  metrics.configReloadFailed.set(0);
  log.info({ revision: hash.slice(0, 12), weakenings }, 'configuration in force');
}

function createLocal(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  engine: () => VerificationEngine,
): LocalVerification {
  if (options.isolation === 'none') return new DirectVerification(engine);
  const { secretsDirectory, dockerConfig, configuration, log } = options;
  return new ThreadedVerification({
    setup: () => ({ source: configuration.source, secretsDirectory, dockerConfig }),
    onCrash: (error) => {
      metrics.verificationCrashes.inc();
      log.error({ err: error }, 'the verification thread ended; a new one takes over');
    },
  });
}

function createBus(options: GatewayOptions, metrics: GatewayMetrics): VerificationBus {
  return new RedisVerificationBus({
    connect: (role) => createRedis(options.redis, role),
    keys: () => {
      const { requests, verdicts } = options.keys();
      if (requests === undefined || verdicts === undefined)
        throw new Error('a gateway needs <id>.requests.key and <id>.verdicts.pub');
      return { requests, verdicts };
    },
    cluster: options.cluster,
    gateway: options.name,
    observer: busObserver(metrics.bus, options.log),
  });
}

async function createDecisionLog(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  redis: RedisConnection,
): Promise<DecisionLog> {
  const observe = decisionObserver(metrics.decisionLog, options.log);
  return new RedisDecisionLog({
    redis,
    journal: await openJournal(options.journalDirectory, (bytes) =>
      observe({ kind: 'journal-damaged', bytes }),
    ),
    writer: { cluster: options.cluster, gateway: options.name, boot: randomBytes(8).toString('hex') },
    signer: decisionSigner(options.keys().decisions),
    observe,
  });
}

async function openJournal(
  directory: string | undefined,
  onDamage: (bytes: number) => void,
): Promise<Journal> {
  if (directory === undefined) return noJournal;
  await mkdir(directory, { recursive: true });
  return await LocalJournal.open({
    open: () => openJournalFile(join(directory, 'decisions.journal')),
    onDamage,
  });
}

async function createMandatoryAlerts(
  { templatesDirectory, log }: GatewayOptions,
  transport: HttpTransport,
  metrics: GatewayMetrics,
): Promise<MandatoryAlerts> {
  const sources =
    templatesDirectory === undefined
      ? []
      : await readTemplates(templatesDirectory, { readdir, readFile }).catch(() => []);
  const sender = new AlertSender({
    templates: new TemplateCatalogue(sources),
    transport,
    timeoutMs: ALERT_TIMEOUT_MS,
    now: Date.now,
  });
  return new MandatoryAlerts({
    sender,
    onResult: (receiver, result) => {
      metrics.mandatoryAlerts.inc({ receiver, result });
      if (result !== 'delivered') log.warn({ receiver, result }, 'a mandatory alert was not delivered');
    },
  });
}

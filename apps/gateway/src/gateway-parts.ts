import { readdir, readFile } from 'node:fs/promises';

import { createRedis, type DecisionLog, type VerificationBus } from '#bus';
import { LoopWatch } from '#observability';
import { createTransport, type HttpTransport } from '#registry';
import {
  type EngineOptions,
  namedHosts,
  openKeychain,
  readIfPresent,
  type VerificationEngine,
} from '#verification';
import { Registry } from 'prom-client';

import { AdmissionReviewer } from './admission/admission-reviewer.js';
import type { ReviewerOptions } from './admission/reviewer-options.js';
import { AlertTemplates } from './admission/alert-templates.js';
import { ImageJudge } from './admission/image-judge.js';
import { MandatoryAlerts } from './admission/mandatory-alerts.js';
import { ObjectExaminer } from './admission/object-examiner.js';
import { createChildren } from './create-children.js';
import { createCluster } from './create-cluster.js';
import { createDecisionLog } from './create-decision-log.js';
import { openVerdicts } from './create-verdicts.js';
import { CurrentRevision } from './current-revision.js';
import type { GatewayOptions } from './gateway-options.js';
import { GatewayMetrics } from './management/gateway-metrics.js';
import type { Revision } from './revision.js';
import { notAfter } from './webhook/tls-material.js';
import { WebhookServer } from './webhook/webhook-server.js';

const FLUSH_MS = 5_000;

/** The pure objects of a gateway, wired; Nest's module is the shell around them. */
export interface GatewayParts {
  readonly metrics: Registry;
  readonly server: WebhookServer;
  readonly bus: VerificationBus;
  readonly decisions: DecisionLog;
  readonly loop: LoopWatch;
  /** The configuration in force. */
  readonly revision: () => Revision;
  /** In the order that loses nothing: answer, then write, then let go. */
  close(): Promise<void>;
}

/** Builds a gateway. Throws where it cannot serve: no valid configuration, no certificate, no keys; nothing stays open then. */
export async function createGatewayParts(options: GatewayOptions): Promise<GatewayParts> {
  const undo = new AsyncDisposableStack();
  try {
    return await buildParts(options, undo);
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

type OnFault = (error: unknown, doing?: string) => void;

/** What is opened is closed by `undo`, the last first. */
async function buildParts(options: GatewayOptions, undo: AsyncDisposableStack): Promise<GatewayParts> {
  const { log } = options;
  const registry = options.registry ?? new Registry();
  const metrics = new GatewayMetrics(registry);
  const onFault: OnFault = (error, doing = 'verifying') => log.error({ err: error, doing }, 'internal fault');
  const loop = new LoopWatch(registry);
  undo.defer(() => loop.close());
  let hosts: ReadonlySet<string> = new Set();
  const transport = createTransport({
    onRequest: ({ host, status }) =>
      metrics.registryRequests.inc({ registry: hosts.has(host) ? host : 'other', code: String(status) }),
  });
  undo.defer(() => transport.close());
  const redis = createRedis(options.redis, 'prompt');
  undo.defer(() => redis.disconnect());
  const engine = (): VerificationEngine => revisions.current.engine;
  const { bus, local, verdicts, notary } = openVerdicts(options, { metrics, redis, engine, onFault }, undo);
  const templates = createTemplates(options, transport);
  const view = createCluster(options);
  const onRevision = (revision: Revision, before: Revision | undefined): void => {
    hosts = namedHosts(revision.configuration);
    local.renew();
    view.prepare(revision.configuration.features);
    if (MandatoryAlerts.concern(revision.configuration.alerting)) void templates.reload();
    if (before !== undefined && !sharesCachePolicy(revision, before)) verdicts.clear();
  };
  const revisions: CurrentRevision = new CurrentRevision(
    { ...options, ...engineSettings(transport, onFault), notary },
    { metrics, log, onRevision },
  );
  undo.defer(() => revisions.close());
  const decisions = await createDecisionLog(options, metrics, redis);
  undo.defer(() => flush(decisions, onFault));
  const revision = (): Revision => revisions.current;
  const reviewer = createReviewer(options, {
    metrics,
    redis,
    verdicts,
    view,
    decisions,
    templates,
    onFault,
    revision,
  });
  const server = createServer(options, metrics, reviewer, onFault);
  undo.defer(() => server.close({ drainMs: options.drainMs ?? 0 }));
  return { metrics: registry, server, bus, decisions, loop, revision, close: () => undo.disposeAsync() };
}

/** What the engine of this process reads, and whom it tells. */
function engineSettings(
  transport: HttpTransport,
  onFault: OnFault,
): Omit<EngineOptions, 'secretsDirectory' | 'dockerConfig'> {
  const keychain = openKeychain(transport, process.env);
  return { transport, keychain, readFile: readIfPresent, clock: () => new Date(), onFault };
}

async function flush(decisions: DecisionLog, onFault: OnFault): Promise<void> {
  try {
    await decisions.close(AbortSignal.timeout(FLUSH_MS));
  } catch (error) {
    onFault(error, 'writing the last decisions');
  }
}

function createReviewer(
  options: GatewayOptions,
  parts: Parameters<typeof createChildren>[1] &
    Pick<ReviewerOptions, 'revision' | 'decisions'> & { readonly templates: AlertTemplates },
): AdmissionReviewer {
  const { metrics, verdicts, view, templates, onFault, revision, decisions } = parts;
  const children = createChildren(options, parts);
  return new AdmissionReviewer({
    recordedBy: { cluster: options.cluster, gateway: options.name, now: Date.now },
    observe: (record, seconds) => metrics.observe(record, seconds),
    onFault,
    revision,
    examiner: new ObjectExaminer({
      judge: new ImageJudge(verdicts),
      children,
      pullSecrets: view.pullSecrets,
    }),
    children,
    labelsOf: view.labelsOf,
    decisions,
    mandatoryAlerts: createMandatoryAlerts(options, metrics, templates, onFault),
  });
}

/** Rule and trust are in every key; only how long a verdict may be used is not. */
function sharesCachePolicy(one: Revision, other: Revision): boolean {
  const [left, right] = [one.configuration.features.cache, other.configuration.features.cache];
  return left.expirySeconds === right.expirySeconds && left.cacheErrors === right.cacheErrors;
}

function createTemplates(
  { templatesDirectory, log }: GatewayOptions,
  transport: HttpTransport,
): AlertTemplates {
  return new AlertTemplates({ directory: templatesDirectory, files: { readdir, readFile }, transport, log });
}

function createMandatoryAlerts(
  { log }: GatewayOptions,
  metrics: GatewayMetrics,
  templates: AlertTemplates,
  onFault: OnFault,
): MandatoryAlerts {
  return new MandatoryAlerts({
    sender: () => templates.sender(),
    monotonic: () => performance.now(),
    onFault,
    onResult: (receiver, result) => {
      metrics.mandatoryAlerts.inc({ receiver, result });
      if (result !== 'delivered') log.warn({ receiver, result }, 'a mandatory alert was not delivered');
    },
  });
}

function createServer(
  { tls }: GatewayOptions,
  metrics: GatewayMetrics,
  reviewer: AdmissionReviewer,
  onError: OnFault,
): WebhookServer {
  return new WebhookServer({
    tls,
    onError,
    onCertificate: (material) => metrics.certificateExpiry.set(notAfter(material) / 1000),
    handler: {
      review: (body, call) => reviewer.review(body, call),
      isReady: () => true,
      onRequest: (phase) => {
        if (phase === 'mutate') metrics.requests.inc();
      },
    },
  });
}

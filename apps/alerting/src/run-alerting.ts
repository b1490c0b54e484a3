import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { Registry } from 'prom-client';

import { readTemplates, type TemplateSource } from '#alerts';
import {
  type BusKeys,
  createRedis,
  type DecisionObserver,
  decisionVerifier,
  type RedisConnection,
  RedisDecisionSource,
  type RedisSettings,
} from '#bus';
import type { ConfigurationWatch } from '#config';
import { type ConnectionChoice, openKubernetesApi } from '#kubernetes';
import { type Logger, logFindings } from '#observability';
import { createTransport } from '#registry';

import { ClusterTelling } from './cluster/cluster-telling.js';
import { type AlertingUpdate, type RunningAlerting, startAlerting } from './start-alerting.js';
import { tellDecisions } from './tell-decisions.js';

/** Everything that the alerting process needs from outside. */
export interface AlertingOptions {
  readonly configuration: ConfigurationWatch;
  readonly management: { readonly host: string; readonly port: number } | undefined;
  readonly redis: RedisSettings;
  readonly keys: () => BusKeys;
  /** Proves that jobs in the queues are ours; `undefined`: jobs are not sealed. */
  readonly sealKey: Uint8Array | undefined;
  readonly cluster: string;
  readonly name: string;
  readonly templatesDirectory: string | undefined;
  readonly registry?: Registry;
  /** The way to the API server, for Events and reports where they are on. */
  readonly kubernetes?: ConnectionChoice | undefined;
  readonly log: Logger;
}

/** Starts alerting on Redis; resolves when it reads decisions. */
export async function runAlerting(options: AlertingOptions): Promise<Pick<RunningAlerting, 'close'>> {
  const { configuration, log, redis, registry = new Registry() } = options;
  logFindings(configuration.current.findings, log);
  const transport = createTransport();
  const commands = createRedis(redis, 'patient', (error) => log.debug({ err: error }, 'Redis'));
  const source = decisionSource(options, commands, (event) => tellDecisions(event, log));
  // What is odd about the streams is said once, by alerting's own reader.
  const quiet = decisionSource(options, commands, (event) =>
    log.debug({ ...event }, 'decisions, read for Events and reports'),
  );
  const telling = clusterTelling(options, registry, quiet);
  const alerting = await startAlerting({
    configuration: configuration.current,
    templates: (await templatesOf(options.templatesDirectory, log)) ?? [],
    redis: () => createRedis(redis, 'blocking', () => undefined),
    source,
    transport,
    logger: log,
    registry,
    podName: options.name,
    ...(options.management === undefined ? {} : { management: options.management }),
    ...(options.sealKey === undefined ? {} : { sealKeys: [options.sealKey] }),
    subscribe: (listener) => follow(options, telling, listener),
  });
  await telling.apply(configuration.current.features);
  return {
    close: async () => {
      await Promise.all([alerting.close(), telling.close()]);
      commands.disconnect();
      await transport.close();
    },
  };
}

/** A reader of the decision stream, with a connection of its own to wait on. */
function decisionSource(
  { redis, cluster, keys }: AlertingOptions,
  commands: RedisConnection,
  observe: DecisionObserver,
): RedisDecisionSource {
  return new RedisDecisionSource({
    redis: commands,
    connect: () => createRedis(redis, 'blocking', () => undefined),
    trust: { cluster, verifier: decisionVerifier(() => keys().decisions) },
    observe,
    now: () => performance.now(),
  });
}

/** Each configuration that can be used, to what writes into the cluster and to the receivers. */
function follow(
  { configuration, templatesDirectory, log }: AlertingOptions,
  telling: ClusterTelling,
  listener: (change: AlertingUpdate) => void,
): () => void {
  return configuration.subscribe((event) => {
    if (event.kind === 'failed') return;
    logFindings(event.configuration.findings, log);
    void telling.apply(event.configuration.features);
    // Templates that cannot be read just now do not replace those that are in force.
    void templatesOf(templatesDirectory, log).then((templates) =>
      listener({ configuration: event.configuration, ...(templates === undefined ? {} : { templates }) }),
    );
  });
}

function clusterTelling(
  { redis, kubernetes, name, log }: AlertingOptions,
  registry: Registry,
  source: RedisDecisionSource,
): ClusterTelling {
  return new ClusterTelling({
    source,
    redis: () => createRedis(redis, 'patient', () => undefined),
    openApi: kubernetes === undefined ? undefined : async () => (await openKubernetesApi(kubernetes)).api,
    podName: name,
    registry,
    logger: log,
    now: Date.now,
    sleep: async (ms, signal) => await sleep(ms, undefined, { signal }),
  });
}

/** Nothing where the directory cannot be read; every receiver without a template says so in the log. */
async function templatesOf(
  directory: string | undefined,
  log: Logger,
): Promise<readonly TemplateSource[] | undefined> {
  if (directory === undefined) return undefined;
  try {
    return await readTemplates(directory, { readdir, readFile });
  } catch (error) {
    log.warn({ err: error, directory }, 'alert templates cannot be read');
    return undefined;
  }
}

import { readdir, readFile } from 'node:fs/promises';

import { Registry } from 'prom-client';

import { readTemplates, type TemplateSource } from '#alerts';
import { type BusKeys, createRedis, decisionVerifier, RedisDecisionSource, type RedisSettings } from '#bus';
import type { ConfigurationWatch } from '#config';
import { type Logger, logFindings } from '#observability';
import { createTransport } from '#registry';

import { type RunningAlerting, startAlerting } from './start-alerting.js';
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
  readonly log: Logger;
}

/** Starts alerting on Redis; resolves when it reads decisions. */
export async function runAlerting(options: AlertingOptions): Promise<Pick<RunningAlerting, 'close'>> {
  const { configuration, log, redis } = options;
  logFindings(configuration.current.findings, log);
  const transport = createTransport();
  const commands = createRedis(redis, 'patient', (error) => log.debug({ err: error }, 'Redis'));
  const source = new RedisDecisionSource({
    redis: commands,
    connect: () => createRedis(redis, 'blocking', () => undefined),
    trust: { cluster: options.cluster, verifier: decisionVerifier(() => options.keys().decisions) },
    observe: (event) => tellDecisions(event, log),
    now: () => performance.now(),
  });
  const alerting = await startAlerting({
    configuration: configuration.current,
    templates: (await templatesOf(options.templatesDirectory, log)) ?? [],
    redis: () => createRedis(redis, 'blocking', () => undefined),
    source,
    transport,
    logger: log,
    registry: options.registry ?? new Registry(),
    podName: options.name,
    ...(options.management === undefined ? {} : { management: options.management }),
    ...(options.sealKey === undefined ? {} : { sealKeys: [options.sealKey] }),
    subscribe: (listener) =>
      configuration.subscribe((event) => {
        if (event.kind === 'failed') return;
        logFindings(event.configuration.findings, log);
        // Templates that cannot be read just now do not replace those that are in force.
        void templatesOf(options.templatesDirectory, log).then((templates) =>
          listener({ configuration: event.configuration, ...(templates === undefined ? {} : { templates }) }),
        );
      }),
  });
  return {
    close: async () => {
      await alerting.close();
      commands.disconnect();
      await transport.close();
    },
  };
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

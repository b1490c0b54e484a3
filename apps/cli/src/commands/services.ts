import { join } from 'node:path';

import type { BusKeys, RedisSettings } from '#bus';
import { ConfigurationWatch, readFileBounded, readIfPresent, watchDirectory } from '#config';
import { type ConnectionChoice, isInCluster } from '#kubernetes';
import { createLogger, type Logger } from '#observability';

import { type Address, parseAddress } from '../address.js';
import { clusterIdentity } from '../cluster-identity.js';
import { followKeys } from '../follow-keys.js';
import { redisSettings } from '../redis-settings.js';
import { drainMilliseconds, processName } from '../service-settings.js';
import { runUntilTold } from '../until-told.js';
import { UsageError } from '../usage-error.js';

interface CommonOptions {
  readonly management: string;
  readonly config: string;
  readonly alerts: string;
  readonly keys: string;
  readonly redisCerts: string;
  readonly redisUrl?: string;
  readonly redisUrlFile?: string;
  readonly clusterId?: string;
}

export interface GatewayCommandOptions extends CommonOptions {
  readonly listen: string;
  readonly secrets: string;
  readonly certs: string;
  readonly journal: string;
  readonly drain: string;
  readonly kubeconfig?: string;
}

/** `connaisseur gateway` */
export async function gateway(options: GatewayCommandOptions): Promise<void> {
  const drainMs = drainMilliseconds(options.drain);
  await runUntilTold(async () => {
    const { startGateway, TlsFiles } = await import('#gateway');
    const certs = { cert: join(options.certs, 'tls.crt'), key: join(options.certs, 'tls.key') };
    return await startGateway({
      ...commonParts(options, 'gateway'),
      listen: parseAddress(options.listen),
      tls: new TlsFiles(certs, (path) => readIfPresent(path) ?? missing(path)),
      secretsDirectory: options.secrets,
      dockerConfig: undefined,
      journalDirectory: options.journal,
      isolation: 'thread',
      drainMs,
      kubernetes: clusterAccess(options.kubeconfig),
    });
  });
}

/** A kubeconfig that was given, else the pod's own identity, else nothing. */
function clusterAccess(kubeconfig: string | undefined): ConnectionChoice | undefined {
  return kubeconfig !== undefined || isInCluster(process.env) ? { kubeconfig, env: process.env } : undefined;
}

/** `connaisseur verifier` */
export async function verifier(options: CommonOptions & { readonly secrets: string }): Promise<void> {
  await runUntilTold(async () => {
    const { startVerifier } = await import('#verifier');
    return await startVerifier({
      ...commonParts(options, 'verifier'),
      secretsDirectory: options.secrets,
      dockerConfig: undefined,
    });
  });
}

/** `connaisseur alerting` */
export async function alerting(options: CommonOptions & { readonly kubeconfig?: string }): Promise<void> {
  await runUntilTold(async () => {
    const { runAlerting } = await import('#alerting');
    const seal = readIfPresent(join(options.keys, 'alerts.seal'));
    return await runAlerting({
      ...commonParts(options, 'alerting'),
      kubernetes: clusterAccess(options.kubeconfig),
      sealKey: seal === undefined ? undefined : Buffer.from(seal.trim(), 'base64'),
    });
  });
}

/** What every service is made of; throws what the operator has to mend. */
function commonParts(options: CommonOptions, service: string): CommonParts {
  const configuration = new ConfigurationWatch({
    paths: { config: options.config, alerts: join(options.alerts, 'config.yaml') },
    readFile: readFileBounded,
    watchDirectory,
    environment: process.env,
  });
  const log = createLogger({ ...configuration.current.log, service });
  return {
    configuration,
    management: parseAddress(options.management),
    redis: redisSettings(options),
    keys: followKeys(options.keys),
    cluster: clusterIdentity(options.clusterId, options.keys),
    name: processName(process.env),
    templatesDirectory: join(options.alerts, 'templates'),
    log,
  };
}

interface CommonParts {
  readonly configuration: ConfigurationWatch;
  readonly management: Address;
  readonly redis: RedisSettings;
  readonly keys: () => BusKeys;
  readonly cluster: string;
  readonly name: string;
  readonly templatesDirectory: string;
  readonly log: Logger;
}

function missing(path: string): never {
  throw new UsageError(`there is no file ${path}`);
}

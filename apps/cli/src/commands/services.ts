import { join } from 'node:path';

import { type BusKeys, readRedisSettings, type RedisSettings } from '#bus';
import { ConfigurationWatch, readFileBounded, watchDirectory } from '#config';
import { createLogger, type Logger } from '#observability';
import { TlsFiles } from '#gateway';

import { followKeys } from '../follow-keys.js';
import { parseAddress, processName, readIfPresent } from '../service-settings.js';
import { untilTold } from '../until-told.js';

interface CommonOptions {
  readonly management: string;
  readonly config: string;
  readonly alerts: string;
  readonly keys: string;
  readonly redisCerts: string;
  readonly redisUrl?: string;
  readonly clusterId: string;
}

export interface GatewayCommandOptions extends CommonOptions {
  readonly listen: string;
  readonly secrets: string;
  readonly certs: string;
  readonly journal: string;
}

/** `connaisseur gateway` */
export async function gateway(options: GatewayCommandOptions): Promise<void> {
  const { startGateway } = await import('#gateway');
  const common = commonParts(options, 'gateway');
  const running = await startGateway({
    ...common,
    listen: parseAddress(options.listen),
    tls: new TlsFiles(
      { cert: join(options.certs, 'tls.crt'), key: join(options.certs, 'tls.key') },
      (path) => readIfPresent(path) ?? missing(path),
    ),
    secretsDirectory: options.secrets,
    dockerConfig: undefined,
    journalDirectory: options.journal,
    isolation: 'thread',
  });
  await untilTold(() => running.close());
}

/** `connaisseur verifier` */
export async function verifier(options: CommonOptions & { readonly secrets: string }): Promise<void> {
  const { startVerifier } = await import('#verifier');
  const running = await startVerifier({
    ...commonParts(options, 'verifier'),
    secretsDirectory: options.secrets,
    dockerConfig: undefined,
  });
  await untilTold(() => running.close());
}

/** `connaisseur alerting` */
export async function alerting(options: CommonOptions): Promise<void> {
  const { runAlerting } = await import('#alerting');
  const seal = readIfPresent(join(options.keys, 'alerts.seal'));
  const running = await runAlerting({
    ...commonParts(options, 'alerting'),
    sealKey: seal === undefined ? undefined : Buffer.from(seal.trim(), 'base64'),
  });
  await untilTold(() => running.close());
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
    cluster: options.clusterId,
    name: processName(process.env),
    templatesDirectory: join(options.alerts, 'templates'),
    log,
  };
}

interface CommonParts {
  readonly configuration: ConfigurationWatch;
  readonly management: { readonly host: string; readonly port: number };
  readonly redis: RedisSettings;
  readonly keys: () => BusKeys;
  readonly cluster: string;
  readonly name: string;
  readonly templatesDirectory: string;
  readonly log: Logger;
}

/** Which Redis: the flag, else the environment; with the mounted certificate authority. */
export function redisSettings(options: {
  readonly redisUrl?: string;
  readonly redisCerts: string;
}): RedisSettings {
  const ca = readIfPresent(join(options.redisCerts, 'tls.crt'));
  const environment =
    options.redisUrl === undefined ? process.env : { ...process.env, REDIS_URL: options.redisUrl };
  const settings = readRedisSettings(environment, ca);
  if (settings === undefined)
    throw new Error('no Redis is configured: give --redis-url, REDIS_URL or REDIS_HOST');
  return settings;
}

function missing(path: string): never {
  throw new Error(`there is no file ${path}`);
}

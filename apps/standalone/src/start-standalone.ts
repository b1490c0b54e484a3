import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runAlerting } from '#alerting';
import { type BusKeys, generateBusKeys, readBusKeys, type RedisSettings } from '#bus';
import { ConfigurationWatch, readFileBounded, watchDirectory } from '#config';
import { FixedTls, startGateway, TlsFiles, type TlsSource } from '#gateway';
import type { Logger } from '#observability';
import { startVerifier } from '#verifier';
import { Registry } from 'prom-client';

import { checkRedis } from './check-redis.js';
import { makeOwnCertificate } from './own-certificate.js';
import { startPrivateRedis } from './private-redis.js';
import { Undo } from './undo.js';

export interface StandaloneOptions {
  /** A values file or the rendered configuration. */
  readonly policy: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly management: { readonly host: string; readonly port: number } | undefined;
  /** Files of the serving certificate; without them one is made in memory. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Without it a private redis-server is started. */
  readonly redis: RedisSettings | undefined;
  readonly secretsDirectory: string | undefined;
  readonly dockerConfig: string | undefined;
  readonly templatesDirectory: string | undefined;
  readonly log: (service: string) => Logger;
}

export interface RunningStandalone {
  /** `https://HOST:PORT` of both webhooks. */
  readonly url: string;
  /** File with the certificate authority that vouches for the webhook; `undefined` where files were given. */
  readonly caFile: string | undefined;
  readonly redisUrl: string;
  /** Directory with the keys of the bus, for `watch`. */
  readonly keysDirectory: string;
  readonly cluster: string;
  close(): Promise<void>;
}

const CLUSTER = 'standalone';

/** Gateway, verifier and alerting in one process; resolves when both webhooks answer, and leaves nothing behind if not. */
export async function startStandalone(options: StandaloneOptions): Promise<RunningStandalone> {
  // Before anything is started: a configuration that is invalid starts nothing.
  const configuration = new ConfigurationWatch({
    paths: { policy: options.policy },
    readFile: readFileBounded,
    watchDirectory,
    environment: process.env,
  });
  const undo = new Undo();
  undo.add(() => configuration.close());
  try {
    return await startServices(options, configuration, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

/** In the order of need: verifier and alerting serve the gateway, which listens last and stops first. */
async function startServices(
  options: StandaloneOptions,
  configuration: ConfigurationWatch,
  undo: Undo,
): Promise<RunningStandalone> {
  const directory = ownDirectory(undo);
  // Files that cannot be read stop us before a process of ours runs.
  const { tls, caFile } = await tlsOf(options, directory);
  const { log, ...common } = await commonParts(options, configuration, directory, undo);
  const verifier = await startVerifier({ ...common, management: undefined, log: log('verifier') });
  undo.add(() => verifier.close());
  const alerting = await runAlerting({ ...common, management: undefined, log: log('alerting') });
  undo.add(() => alerting.close());
  const gateway = await startGateway({
    ...common,
    listen: options.listen,
    management: options.management,
    tls,
    journalDirectory: join(directory, 'journal'),
    isolation: 'thread',
    log: log('gateway'),
  });
  undo.add(() => gateway.close());
  const { host, port } = gateway.address;
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile,
    redisUrl: common.redis.url,
    keysDirectory: common.keysDirectory,
    cluster: CLUSTER,
    close: () => undo.all(),
  };
}

/** What the three services share: Redis, keys, names, metrics. */
async function commonParts(
  options: StandaloneOptions,
  configuration: ConfigurationWatch,
  directory: string,
  undo: Undo,
) {
  const redis = await redisOf(options, directory, undo);
  const keysDirectory = join(directory, 'keys');
  const keys = writeKeys(keysDirectory);
  return {
    configuration,
    redis,
    keys: (): BusKeys => keys,
    keysDirectory,
    sealKey: randomBytes(32),
    cluster: CLUSTER,
    name: `standalone-${process.pid}`,
    registry: new Registry(),
    secretsDirectory: options.secretsDirectory,
    dockerConfig: options.dockerConfig,
    templatesDirectory: options.templatesDirectory,
    log: options.log,
  };
}

/** A folder for socket, keys, journal and certificate; gone at the end. */
function ownDirectory(undo: Undo): string {
  const directory = mkdtempSync(join(tmpdir(), 'connaisseur-'));
  chmodSync(directory, 0o700);
  undo.add(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** The Redis that was given, whether it answers or not (its absence costs latency), else one of our own. */
async function redisOf(
  { redis, log }: StandaloneOptions,
  directory: string,
  undo: Undo,
): Promise<RedisSettings> {
  if (redis !== undefined) {
    await checkRedis(redis, log('standalone'));
    return redis;
  }
  const own = await startPrivateRedis(directory);
  undo.add(() => own.stop());
  return { url: own.url };
}

/** Keys that live as long as this process; on disk so that `connaisseur watch` can check what it reads. */
function writeKeys(directory: string): BusKeys {
  const files = generateBusKeys(`${Date.now()}`);
  mkdirSync(directory, { mode: 0o700 });
  for (const [name, text] of files) writeFileSync(join(directory, name), text, { mode: 0o600 });
  return readBusKeys(files);
}

async function tlsOf(
  { tls, listen }: StandaloneOptions,
  directory: string,
): Promise<{ tls: TlsSource; caFile: string | undefined }> {
  if (tls !== undefined) {
    const source = new TlsFiles(tls, (path) => readFileSync(path, 'utf8'));
    source.read();
    return { tls: source, caFile: undefined };
  }
  const certificate = await makeOwnCertificate([listen.host], new Date());
  const caFile = join(directory, 'ca.crt');
  writeFileSync(caFile, certificate.ca);
  return { tls: new FixedTls(certificate), caFile };
}

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

import { makeOwnCertificate } from './own-certificate.js';
import { type PrivateRedis, startPrivateRedis } from './private-redis.js';

export interface StandaloneOptions {
  /** A values file or the rendered configuration. */
  readonly policy: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly management: { readonly host: string; readonly port: number } | undefined;
  /** Files of the serving certificate; without them one is made in memory. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Without it a private redis-server is started. */
  readonly redisUrl: string | undefined;
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
  close(): Promise<void>;
}

const CLUSTER = 'standalone';

/** Gateway, verifier and alerting in one process; resolves when both webhooks answer. */
export async function startStandalone(options: StandaloneOptions): Promise<RunningStandalone> {
  // Before anything is started: a configuration that is invalid starts nothing.
  const configuration = new ConfigurationWatch({
    paths: { policy: options.policy },
    readFile: readFileBounded,
    watchDirectory,
    environment: process.env,
  });
  const directory = mkdtempSync(join(tmpdir(), 'connaisseur-'));
  chmodSync(directory, 0o700);
  const undo: (() => Promise<void> | void)[] = [
    () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }),
    () => configuration.close(),
  ];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const own = await serviceParts(options, configuration, directory, undo);
    undo.push((await startVerifierFor(own)).close);
    undo.push((await runAlerting({ ...own, management: undefined, log: options.log('alerting') })).close);
    const { tls, caFile } = await tlsOf(options, directory);
    const gateway = await startGateway({
      ...own,
      listen: options.listen,
      management: options.management,
      tls,
      journalDirectory: join(directory, 'journal'),
      isolation: 'thread',
      log: options.log('gateway'),
    });
    undo.push(() => gateway.close());
    const { host, port } = gateway.address;
    return {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caFile,
      redisUrl: own.redis.url,
      keysDirectory: own.keysDirectory,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type ServiceParts = Awaited<ReturnType<typeof serviceParts>>;

/** What the three services share: Redis, keys, names, metrics. */
async function serviceParts(
  options: StandaloneOptions,
  configuration: ConfigurationWatch,
  directory: string,
  undo: (() => Promise<void> | void)[],
) {
  const redis = await redisOf(options.redisUrl, directory, undo);
  const keysDirectory = join(directory, 'keys');
  const { keys, sealKey } = writeKeys(keysDirectory);
  return {
    configuration,
    redis,
    keys: (): BusKeys => keys,
    keysDirectory,
    sealKey,
    cluster: CLUSTER,
    name: `standalone-${process.pid}`,
    registry: new Registry(),
    secretsDirectory: options.secretsDirectory,
    dockerConfig: options.dockerConfig,
    templatesDirectory: options.templatesDirectory,
    log: options.log('verifier'),
  };
}

async function startVerifierFor(own: ServiceParts): Promise<{ close: () => Promise<void> }> {
  const verifier = await startVerifier({ ...own, management: undefined });
  return { close: () => verifier.close() };
}

async function redisOf(
  url: string | undefined,
  directory: string,
  undo: (() => Promise<void> | void)[],
): Promise<RedisSettings> {
  if (url !== undefined) return { url };
  const redis: PrivateRedis = await startPrivateRedis(directory);
  undo.push(() => redis.stop());
  return { url: redis.url };
}

/** Keys that live as long as this process; on disk so that `connaisseur watch` can check what it reads. */
function writeKeys(directory: string): { keys: BusKeys; sealKey: Uint8Array } {
  const files = generateBusKeys(`${Date.now()}`);
  mkdirSync(directory, { mode: 0o700 });
  for (const [name, text] of files) writeFileSync(join(directory, name), text, { mode: 0o600 });
  return { keys: readBusKeys(files), sealKey: randomBytes(32) };
}

async function tlsOf(
  { tls, listen }: StandaloneOptions,
  directory: string,
): Promise<{ tls: TlsSource; caFile: string | undefined }> {
  if (tls !== undefined)
    return { tls: new TlsFiles(tls, (path) => readFileSync(path, 'utf8')), caFile: undefined };
  const certificate = await makeOwnCertificate([listen.host], new Date());
  const caFile = join(directory, 'ca.crt');
  writeFileSync(caFile, certificate.ca);
  return { tls: new FixedTls(certificate), caFile };
}

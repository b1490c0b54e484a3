import type { ConnectionOptions } from 'node:tls';

import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { parseRedisUrl, type RedisAddress } from './redis-address.js';

/** One connection to Redis, or to a Redis Cluster. */
export type RedisConnection = Redis | Cluster;

/** Which Redis. */
export interface RedisSettings {
  /** See {@link parseRedisUrl}. */
  readonly url: string;
  /** Goes before the user and the password in the URL. */
  readonly username?: string;
  readonly password?: string;
  /** PEM of the certificate authority that Redis' certificate must come from; the system's where it is absent. */
  readonly ca?: string;
  /** Shown by `CLIENT LIST`. */
  readonly name?: string;
}

/**
 * What a connection is for. `prompt`: a command fails at once while Redis is away. `patient`: it waits until Redis is back.
 * `blocking`: waits too, and nothing else may use it.
 */
export type RedisRole = 'prompt' | 'patient' | 'blocking';

/** Silence on a connection that waits for an answer, milliseconds, after which it counts as dead: longer than any BLOCK. */
const SOCKET_TIMEOUT_MS = 2500;
const CONNECT_TIMEOUT_MS = 2000;
/** A Redis that restarts is back within this many attempts; after it they are rarer. */
const QUICK_ATTEMPTS = 60;

/**
 * Connects, and keeps connecting. The settings were measured: back within 100 ms
 * after a restart, never later than 500 ms. `onError` hears of failures; nothing is thrown for them.
 */
export function createRedis(
  settings: RedisSettings,
  role: RedisRole,
  onError: (error: unknown) => void = () => undefined,
): RedisConnection {
  const address = parseRedisUrl(settings.url);
  const connection = connect(address, optionsOf(address, settings, role));
  connection.on('error', onError);
  return connection;
}

/** 50 to 75 ms, and 250 to 500 ms when Redis has been away for several seconds. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  return attempt <= QUICK_ATTEMPTS ? 50 + Math.floor(random() * 25) : 250 + Math.floor(random() * 250);
}

/** Without the setting that ioredis types in two ways; we never set it. */
type Options = Omit<RedisOptions, 'replyMapping'>;

function connect(address: RedisAddress, options: Options): RedisConnection {
  switch (address.kind) {
    case 'single':
    case 'socket':
      return new Redis(options);
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...address.nodes],
        ...(address.master === undefined ? {} : { name: address.master }),
        ...(options.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: options.tls }),
        ...(address.password === undefined ? {} : { sentinelPassword: address.password }),
        failoverDetector: true,
      });
    case 'cluster':
      return new Cluster([...address.nodes], {
        redisOptions: options,
        enableOfflineQueue: options.enableOfflineQueue ?? true,
        clusterRetryStrategy: (attempt) => retryDelay(attempt),
        slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
        // Certificates name hosts, not addresses: with TLS the names are left to the connection to resolve.
        ...(options.tls === undefined ? {} : { dnsLookup: (host, found) => found(null, host) }),
      });
  }
}

function optionsOf(address: RedisAddress, settings: RedisSettings, role: RedisRole): Options {
  const [node] = address.nodes;
  const username = settings.username ?? address.username;
  const password = settings.password ?? address.password;
  return {
    ...(address.kind === 'single' && node !== undefined ? { host: node.host, port: node.port } : {}),
    ...(address.path === undefined ? {} : { path: address.path }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(settings.name === undefined ? {} : { connectionName: settings.name }),
    ...(address.tls ? { tls: tlsOf(settings) } : {}),
    db: address.database,
    // One command less that a role must be allowed.
    disableClientInfo: true,
    maxRetriesPerRequest: role === 'prompt' ? 0 : null,
    enableOfflineQueue: role !== 'prompt',
    retryStrategy: (attempt) => retryDelay(attempt),
    // With an append-only file Redis says "loading" after every start; the default waits a second for it.
    maxLoadingRetryTime: 50,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // What is said after the end is heard by nobody, and must not keep the process.
    disconnectTimeout: 100,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // A master that became a replica: connect again, to the one that takes writes. The command fails; we repeat it.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

/** The certificate is always checked, and against the name that we connect to. */
function tlsOf({ ca }: RedisSettings): ConnectionOptions {
  return { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
}

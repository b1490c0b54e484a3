import { dirname, join } from 'node:path';

import { readRedisSettings, type RedisSettings } from '#bus';
import { readIfPresent } from '#config';

import { UsageError } from './usage-error.js';

export interface RedisOptions {
  readonly redisUrl?: string;
  /** A file with the URL, and `ca.crt` beside it: as one Secret is mounted. */
  readonly redisUrlFile?: string;
  readonly redisCerts?: string;
}

/** Where the chart mounts a component's own URL. */
export const REDIS_URL_FILE = '/app/redis/url';
/** A URL with user and password takes a few hundred. */
const MAX_URL_TEXT = 4096;

/** Which Redis: the flag, else the environment; with the mounted certificate authority. Throws where none is named. */
export function redisSettings(options: RedisOptions): RedisSettings {
  const settings = redisSettingsIfGiven(options);
  if (settings !== undefined) return settings;
  throw new UsageError(
    'no Redis is named: give --redis-url or --redis-url-file, or set REDIS_URL, or REDIS_HOST and REDIS_PASSWORD',
  );
}

/** The same, `undefined` where none is named. Throws RedisSetupError for what is no address. */
export function redisSettingsIfGiven(options: RedisOptions): RedisSettings | undefined {
  const { redisUrl, redisCerts } = options;
  const fromFile = redisUrl === undefined ? urlFromFile(options) : undefined;
  if (fromFile !== undefined) return fromFile;
  const ca = redisCerts === undefined ? undefined : readIfPresent(join(redisCerts, 'tls.crt'));
  const environment = redisUrl === undefined ? process.env : { ...process.env, REDIS_URL: redisUrl };
  return readRedisSettings(environment, ca);
}

/** The URL of a file that was named, or of the default file where it exists and nothing else is said. */
function urlFromFile({ redisUrlFile, redisCerts }: RedisOptions): RedisSettings | undefined {
  const file = redisUrlFile ?? REDIS_URL_FILE;
  const text = readIfPresent(file)?.trim();
  if (text === undefined || text === '') {
    if (redisUrlFile === undefined) return undefined;
    throw new UsageError(
      `expected the URL of a Redis in ${redisUrlFile}, got ${text === '' ? 'an empty file' : 'no file'}`,
    );
  }
  if (text.length > MAX_URL_TEXT)
    throw new UsageError(`expected the URL of a Redis in ${file}, got a longer text`);
  const ca =
    readIfPresent(join(dirname(file), 'ca.crt')) ??
    (redisCerts === undefined ? undefined : readIfPresent(join(redisCerts, 'tls.crt')));
  return readRedisSettings({ REDIS_URL: text }, ca);
}

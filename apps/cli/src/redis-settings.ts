import { join } from 'node:path';

import { readRedisSettings, type RedisSettings } from '#bus';

import { readIfPresent } from './service-settings.js';
import { UsageError } from './usage-error.js';

export interface RedisOptions {
  readonly redisUrl?: string;
  readonly redisCerts?: string;
}

/** Which Redis: the flag, else the environment; with the mounted certificate authority. Throws where none is named. */
export function redisSettings(options: RedisOptions): RedisSettings {
  const settings = redisSettingsIfGiven(options);
  if (settings !== undefined) return settings;
  throw new UsageError(
    'no Redis is named: give --redis-url, or set REDIS_URL, or REDIS_HOST and REDIS_PASSWORD',
  );
}

/** The same, `undefined` where none is named. Throws RedisSetupError for what is no address. */
export function redisSettingsIfGiven({ redisUrl, redisCerts }: RedisOptions): RedisSettings | undefined {
  const ca = redisCerts === undefined ? undefined : readIfPresent(join(redisCerts, 'tls.crt'));
  const environment = redisUrl === undefined ? process.env : { ...process.env, REDIS_URL: redisUrl };
  return readRedisSettings(environment, ca);
}

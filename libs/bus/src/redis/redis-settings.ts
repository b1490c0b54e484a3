import { RedisSetupError } from './error.js';
import { parseRedisUrl } from './redis-address.js';
import type { RedisSettings } from './create-redis.js';

/**
 * Which Redis the environment names: `REDIS_URL`, else Connaisseur's `REDIS_HOST` with `REDIS_PASSWORD` over TLS on 6379;
 * undefined for none. Throws {@link RedisSetupError}.
 */
export function readRedisSettings(
  environment: Readonly<Record<string, string | undefined>>,
  ca: string | undefined,
): RedisSettings | undefined {
  const password = environment['REDIS_PASSWORD'];
  const rest = { ...(password ? { password } : {}), ...(ca === undefined ? {} : { ca }) };
  const url = environment['REDIS_URL'];
  if (url) {
    parseRedisUrl(url);
    return { url, ...rest };
  }
  const host = environment['REDIS_HOST'];
  if (!host) return undefined;
  if (/^[A-Za-z0-9._-]+(?::\d{1,5})?$/.test(host)) return { url: `rediss://${host}`, ...rest };
  throw new RedisSetupError('url', 'REDIS_HOST: expected a host name, with a port at most');
}

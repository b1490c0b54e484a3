import type { RedisConnection } from './create-redis.js';
import { RedisSetupError } from './error.js';

/** The first with what we use: BLMPOP, and XAUTOCLAIM that leaves deleted entries out. */
const OLDEST_MAJOR = 7;

/** Throws {@link RedisSetupError} for a Redis before 7.0; a Valkey reports the Redis that it is compatible with. */
export async function assertRedisVersion(redis: RedisConnection): Promise<void> {
  const info = String(await redis.call('INFO', 'server'));
  const version = /^redis_version:(\d{1,4})\.(\d{1,4})/m.exec(info);
  if (version !== null && Number(version[1]) >= OLDEST_MAJOR) return;
  const found = version === null ? 'no version' : `${version[1]}.${version[2]}`;
  throw new RedisSetupError('version', `expected Redis 7.0 or newer, or Valkey, got ${found}`);
}

import { assertRedisVersion, createRedis, type RedisSettings } from '#bus';
import type { Logger } from '#observability';

/** How long a Redis may take to answer before we start without it, ms. */
const ANSWER_MS = 2_000;

/**
 * Says in the log when the Redis that was given does not answer; we serve without it until it does. Throws
 * RedisSetupError for one that is too old.
 */
export async function checkRedis(settings: RedisSettings, log: Logger): Promise<void> {
  let fault: unknown = new Error(`no answer within ${ANSWER_MS / 1000} s`);
  const redis = createRedis(settings, 'patient', (error) => (fault = error));
  const timeout = AbortSignal.timeout(ANSWER_MS);
  try {
    const silence = new Promise<'silent'>((resolve) => {
      timeout.addEventListener('abort', () => resolve('silent'), { once: true });
    });
    const answer = await Promise.race([assertRedisVersion(redis), silence]);
    if (answer !== 'silent') return;
  } catch (error) {
    if (error instanceof Error && error.name === 'RedisSetupError') throw error;
    fault = error;
  } finally {
    redis.disconnect();
  }
  log.warn(
    { err: fault },
    'Redis does not answer: we serve without it; decisions and alerts wait until it is back',
  );
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRedis, decisionVerifier, readBusKeys, RedisDecisionSource } from '#bus';

const PATIENCE_MS = 10_000;
const PAGE = 500;

/** How many of these decisions do not come to the stream, with their signatures checked; waits for late ones. */
export async function missingDecisions(
  { url, cluster, keys }: { url: string; cluster: string; keys: string },
  uids: readonly string[],
): Promise<number> {
  const redis = createRedis({ url }, 'patient');
  const files = readdirSync(keys).map((name) => [name, readFileSync(join(keys, name), 'utf8')] as const);
  const trusted = readBusKeys(new Map(files)).decisions;
  const source = new RedisDecisionSource({
    redis,
    connect: () => createRedis({ url }, 'blocking'),
    trust: { cluster, verifier: decisionVerifier(() => trusted) },
    observe: () => undefined,
    now: () => performance.now(),
  });
  const missing = new Set(uids);
  for (const end = performance.now() + PATIENCE_MS; missing.size > 0; await sleep(100)) {
    const page = await source.history({ limit: PAGE }, AbortSignal.timeout(5_000));
    for (const { record } of page.decisions) missing.delete(record.uid);
    if (performance.now() > end) break;
  }
  redis.disconnect();
  return missing.size;
}

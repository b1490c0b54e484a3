import { createRedis, decisionVerifier, RedisDecisionSource, type StoredDecision } from '#bus';

import { followKeys } from '../follow-keys.js';
import { formatDecision } from '../print-decision.js';
import { redisSettings } from './services.js';

export interface WatchOptions {
  readonly deny: boolean;
  readonly output: 'text' | 'json';
  readonly after?: string;
  readonly keys: string;
  readonly redisCerts: string;
  readonly redisUrl?: string;
  readonly clusterId: string;
}

/** `connaisseur watch`: the decision stream in a terminal, until Ctrl-C. Shows only what a gateway signed. */
export async function watch(options: WatchOptions): Promise<void> {
  const settings = redisSettings(options);
  const keys = followKeys(options.keys);
  const warn = (text: string): void => void process.stderr.write(`${text}\n`);
  const redis = createRedis(settings, 'patient', () => undefined);
  const source = new RedisDecisionSource({
    redis,
    connect: () => createRedis(settings, 'blocking', () => undefined),
    trust: {
      cluster: options.clusterId,
      verifier: decisionVerifier(() => keys().decisions),
    },
    observe: (event) => {
      if (event.kind === 'forged') warn(`a record was left out: ${event.reason}`);
      if (event.kind === 'unreadable') warn('Redis cannot be read; trying again');
    },
    now: () => performance.now(),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  process.once('disconnect', () => stop.abort());
  const from = options.after === undefined ? {} : { after: options.after };
  for await (const decision of source.tail({ ...from, denialsOnly: options.deny }, stop.signal)) {
    process.stdout.write(`${options.output === 'json' ? toJson(decision) : formatDecision(decision)}\n`);
  }
  redis.disconnect();
  if (process.connected) process.disconnect();
}

function toJson({ id, record }: StoredDecision): string {
  return JSON.stringify({ id, ...record });
}

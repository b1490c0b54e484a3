import { createRedis, decisionVerifier, RedisDecisionSource, type StoredDecision } from '#bus';

import { failed } from '../failed.js';
import { followKeys } from '../follow-keys.js';
import { formatDecision } from '../print-decision.js';
import { clusterIdentity } from '../cluster-identity.js';
import { type RedisOptions, redisSettings } from '../redis-settings.js';
import { runUntilTold, type Running } from '../until-told.js';

export interface WatchOptions extends RedisOptions {
  readonly deny?: boolean;
  readonly output: 'text' | 'json';
  readonly after?: string;
  readonly keys: string;
  readonly clusterId?: string;
}

/** `connaisseur watch`: the decision stream in a terminal, until Ctrl-C. Shows only what a gateway signed. */
export async function watch(options: WatchOptions): Promise<void> {
  await runUntilTold((told) => Promise.resolve(startWatch(options, told)));
}

function startWatch(options: WatchOptions, told: AbortSignal): Running {
  const settings = redisSettings(options);
  const keys = followKeys(options.keys);
  const redis = createRedis(settings, 'patient', () => undefined);
  const source = new RedisDecisionSource({
    redis,
    connect: () => createRedis(settings, 'blocking', () => undefined),
    trust: {
      cluster: clusterIdentity(options.clusterId, options.keys),
      verifier: decisionVerifier(() => keys().decisions),
    },
    observe: (event) => {
      if (event.kind === 'forged') warn(`a record was left out: ${event.reason}`);
      if (event.kind === 'unreadable') warn('Redis cannot be read; trying again');
    },
    now: () => performance.now(),
  });
  const shown = show(source.tail(tailOptions(options), told), options.output).catch(failed);
  if (process.stderr.isTTY)
    warn(`waiting for ${options.deny === true ? 'denials' : 'decisions'}; Ctrl-C ends this`);
  return {
    close: async () => {
      await shown;
      redis.disconnect();
    },
  };
}

async function show(decisions: AsyncIterable<StoredDecision>, output: WatchOptions['output']): Promise<void> {
  for await (const { id, record } of decisions) {
    const line = output === 'json' ? JSON.stringify({ id, ...record }) : formatDecision(record);
    process.stdout.write(`${line}\n`);
  }
}

function tailOptions({ after, deny = false }: WatchOptions): { after?: string; denialsOnly: boolean } {
  return { ...(after === undefined ? {} : { after }), denialsOnly: deny };
}

function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}

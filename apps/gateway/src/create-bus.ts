import {
  createRedis,
  type GatewayKeys,
  type RedisConnection,
  RedisSharedVerdicts,
  RedisVerificationBus,
  verdictVerifier,
} from '#bus';
import { SharedProofs } from '#verification';

import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';
import { busObserver, sharedVerdictObserver } from './management/observers.js';

/** The keys of now; throws at once where a gateway cannot work with what is there. */
export function gatewayKeys({ keys }: Pick<GatewayOptions, 'keys'>): () => GatewayKeys {
  const current = (): GatewayKeys => {
    const { requests, verdicts } = keys();
    if (requests === undefined || verdicts === undefined)
      throw new Error('a gateway needs <id>.requests.key and <id>.verdicts.pub in the key directory');
    return { requests, verdicts };
  };
  current();
  return current;
}

/** The gateway's end of the verification bus. */
export function createBus(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  keys: () => GatewayKeys,
): RedisVerificationBus {
  return new RedisVerificationBus({
    connect: (role) => createRedis(options.redis, role),
    keys,
    cluster: options.cluster,
    gateway: options.name,
    observer: busObserver(metrics.bus, options.log),
  });
}

/** What verifiers share, to read: a gateway has no key that could write there (design rule 4). */
export function createSharedProofs(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  redis: RedisConnection,
  keys: () => GatewayKeys,
): SharedProofs {
  return new SharedProofs({
    now: Date.now,
    open: (limits) =>
      new RedisSharedVerdicts({
        redis,
        cluster: options.cluster,
        verifier: verdictVerifier(() => keys().verdicts),
        now: Date.now,
        observe: sharedVerdictObserver(metrics.sharedVerdicts, options.log),
        limits,
      }),
  });
}

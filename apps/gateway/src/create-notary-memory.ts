import { floorVerifier, type GatewayKeys, type RedisCommands, RedisVersionFloors } from '#bus';
import { FloorStore, type NotaryEvent } from '#validator-notaryv1';
import type { NotaryMemory } from '#verification';

import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';

/**
 * What this gateway remembers of notary servers: the larger of what it has seen and what verifiers have signed in Redis.
 * It has no key that could write there (design rule 4).
 */
export function createNotaryMemory(
  { cluster, log }: Pick<GatewayOptions, 'cluster' | 'log'>,
  metrics: GatewayMetrics,
  redis: RedisCommands,
  keys: () => GatewayKeys,
): NotaryMemory {
  const shared = new RedisVersionFloors({
    redis,
    cluster,
    verifier: floorVerifier(() => keys().verdicts),
    now: Date.now,
    observe: (event) => {
      if (event.kind === 'forged') log.warn({ fault: event.fault }, 'versions of trust data: forged record');
    },
  });
  const observe = (event: NotaryEvent): void => {
    if (event.kind !== 'rollback') return;
    metrics.notaryEvents.inc({ event: 'rollback' });
    const { server, collection, message } = event;
    const text = 'the notary server offers older trust data than it did before; they are not used';
    log.warn({ server, collection, why: message }, text);
  };
  return { floors: new FloorStore(shared), observe };
}

import type { RedisConnection, VerificationBus } from '#bus';
import type { NotaryMemory, VerificationEngine } from '#verification';

import { createBus, createSharedProofs, gatewayKeys } from './create-bus.js';
import { createLocal } from './create-local.js';
import { createNotaryMemory } from './create-notary-memory.js';
import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';
import type { LocalVerification } from './verdicts/local-verification.js';
import { VerdictService } from './verdicts/verdict-service.js';

/** Where verdicts come from: the bus, what verifiers share, ourselves. Throws where there are no keys. */
export function openVerdicts(
  options: GatewayOptions,
  parts: {
    readonly metrics: GatewayMetrics;
    readonly redis: RedisConnection;
    readonly engine: () => VerificationEngine;
    readonly onFault: (error: unknown, doing?: string) => void;
  },
  undo: AsyncDisposableStack,
): { bus: VerificationBus; local: LocalVerification; verdicts: VerdictService; notary: NotaryMemory } {
  const { metrics, redis, engine, onFault } = parts;
  const keys = gatewayKeys(options);
  const notary = createNotaryMemory(options, metrics, redis, keys);
  const local = createLocal(options, metrics, engine, notary);
  undo.defer(() => local.close());
  const bus = createBus(options, metrics, keys);
  undo.defer(() => bus.close());
  const verdicts = new VerdictService({
    bus,
    local,
    shared: createSharedProofs(options, metrics, redis, keys),
    now: Date.now,
    observer: {
      onCache: (result) => metrics.observeCache(result),
      onFallback: (reason) => metrics.fallbacks.inc({ reason }),
      onFault: (error) => onFault(error, 'asking the bus'),
    },
  });
  return { bus, local, verdicts, notary };
}

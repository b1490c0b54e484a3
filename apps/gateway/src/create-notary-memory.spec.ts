import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { generateBusKeys, readBusKeys } from '#bus';
import { createLogger } from '#observability';

import { gatewayKeys } from './create-bus.js';
import { createNotaryMemory } from './create-notary-memory.js';
import { GatewayMetrics } from './management/gateway-metrics.js';

test('T02: a rollback is counted, what else happens with notary servers is not', async () => {
  const registry = new Registry();
  const log = createLogger({ level: 'fatal', format: 'json', service: 'test' });
  const gone = (): never => {
    throw new Error('no Redis');
  };
  const redis = { status: 'end', call: gone, multi: gone };
  const keys = readBusKeys(generateBusKeys('1'));
  const { observe } = createNotaryMemory(
    { cluster: 'c', log },
    new GatewayMetrics(registry),
    redis,
    gatewayKeys({ keys: () => keys }),
  );
  const server = 'https://notary.example';
  observe({ kind: 'answered', server });
  observe({ kind: 'failed', server, reason: 'unreachable' });
  expect(await registry.metrics()).not.toContain('connaisseur_notary_events_total{');
  observe({ kind: 'rollback', server, collection: 'a/b', message: 'older' });
  expect(await registry.metrics()).toContain('connaisseur_notary_events_total{event="rollback"} 1');
});

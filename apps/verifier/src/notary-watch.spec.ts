import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { createLogger } from '#observability';

import { NotaryWatch } from './notary-watch.js';

const SERVER = 'https://notary.example';

function watch(): { watch: NotaryWatch; registry: Registry } {
  const registry = new Registry();
  const log = createLogger({ level: 'fatal', format: 'json', service: 'test' });
  return { watch: new NotaryWatch(registry, log, () => 0), registry };
}

test('a server that cannot be reached, and can again, shows in the report and in the metric', async () => {
  const { watch: one, registry } = watch();
  one.observe({ kind: 'failed', server: SERVER, reason: 'unreachable' });
  expect(one.report()[SERVER]).toEqual({
    reachable: false,
    reason: 'unreachable',
    since: new Date(0).toISOString(),
  });
  expect(await registry.metrics()).toContain(`connaisseur_notary_server_up{server="${SERVER}"} 0`);
  one.observe({ kind: 'answered', server: SERVER });
  expect(one.report()[SERVER]?.reachable).toBe(true);
  expect(await registry.metrics()).toContain(`connaisseur_notary_server_up{server="${SERVER}"} 1`);
});

test('a rollback and a reset are counted', async () => {
  const { watch: one, registry } = watch();
  one.observe({ kind: 'rollback', server: SERVER, collection: 'a/b', message: 'older' });
  one.observe({ kind: 'reset', server: SERVER, collection: 'a/b' });
  one.observeFloors({ kind: 'forged', fault: 'signature' });
  const text = await registry.metrics();
  for (const event of ['rollback', 'reset', 'floor-forged']) {
    expect(text).toContain(`connaisseur_notary_events_total{event="${event}"} 1`);
  }
});

test('servers that have gone with their configuration are forgotten', () => {
  const { watch: one } = watch();
  for (let index = 0; index < 150; index += 1)
    one.observe({ kind: 'answered', server: `https://n${index}.example` });
  expect(Object.keys(one.report())).toHaveLength(100);
});

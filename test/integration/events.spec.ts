// Kubernetes Events and reports by the real alerting process: real Redis, an API server that goes away.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { KINDS } from '#kubernetes';
import { VirtualApiServer, VirtualReceiver } from '#testing';

import { System } from './system.js';

const EVENTS = '/apis/events.k8s.io/v1/namespaces/shop/events/';
const REPORTS = '/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports/';
const values = (features: string): string => `validators:
  - { name: deny, type: static, approve: false }
  - { name: allow, type: static, approve: true }
policy:
  - { pattern: "*:*", validator: deny }
  - { pattern: "registry.test/good:*", validator: allow }
features: ${features}
`;

let server: VirtualApiServer;
let receiver: VirtualReceiver;
let system: System;

beforeAll(async () => {
  server = await VirtualApiServer.start();
  receiver = await VirtualReceiver.start();
  system = await System.prepare({
    values: values('{}'),
    kubeconfig: server.kubeconfig(),
    alerting: `rejectRequest: { receivers: [{ template: slack, receiverUrl: "${receiver.url}/r" }] }\n`,
  });
  await Promise.all([system.start('gateway'), system.start('alerting')]);
});

afterAll(async () => {
  await system?.stop();
  await receiver?.close();
  await server?.stop();
});

function written(prefix: string): readonly Record<string, unknown>[] {
  return server.cluster
    .paths()
    .filter((path) => path.startsWith(prefix))
    .map((path) => server.cluster.at(path) ?? {});
}

async function deny(image: string, options = {}): Promise<void> {
  expect((await system.review(image, options)).allowed).toBe(false);
}

test('nothing is asked of the API server while both are off', async () => {
  await deny('registry.test/off:v1');
  await system.until(() => receiver.accepted.length === 1, 'the alert');
  expect(server.cluster.requests.filter(({ path }) => /events|reports/.test(path))).toEqual([]);
});

test('both are switched on without a restart; one Event for what repeats, none for a dry run', async () => {
  server.cluster.serve(KINDS.policyReport);
  writeFileSync(
    join(system.directory, 'config', 'config.yaml'),
    values('{ kubernetesEvents: true, policyReports: auto }'),
  );
  // What was decided before is on the stream still, and young enough.
  await system.until(() => written(EVENTS).length === 1, 'the Event about what was denied before');
  await deny('registry.test/dry:v1', { dryRun: true });
  for (let index = 0; index < 3; index += 1) await deny('registry.test/bad:v1');
  await system.until(
    () => written(EVENTS).some(({ series }) => (series as { count?: number } | undefined)?.count === 3),
    'a count of 3',
  );
  expect(written(EVENTS)).toHaveLength(2);
  expect(JSON.stringify(written(EVENTS))).not.toContain('dry:v1');
  await system.until(() => JSON.stringify(written(REPORTS)).includes('registry.test/bad:v1'), 'the report');
  expect(written(REPORTS).map(({ summary }) => summary)).toEqual([
    { pass: 0, fail: 2, warn: 0, error: 0, skip: 0 },
  ]);
});

test('an API server that is away delays no alert and no answer; Events come when it is back, also after a crash', async () => {
  server.cluster.fail({ path: /events|reports/, status: 503 });
  const alerts = receiver.accepted.length;
  await deny('registry.test/away:v1');
  await system.until(() => receiver.accepted.length === alerts + 1, 'the alert');
  await system.until(
    async () => (await system.metric('alerting', 'connaisseur_kubernetes_api_away', 'what="events"')) === 1,
    'the metric says that Events wait',
  );
  await system.kill('alerting');
  server.cluster.behave();
  await deny('registry.test/away:v1');
  await system.start('alerting', 'alerting-2');
  const of = (image: string): readonly Record<string, unknown>[] =>
    written(EVENTS).filter(({ note }) => String(note).includes(image));
  // What the dead reader had in hand is taken over after its time, and counted once.
  await system.until(
    () => of('away:v1').some(({ series }) => (series as { count?: number } | undefined)?.count === 2),
    'both are counted',
    50_000,
  );
  expect(of('away:v1')).toHaveLength(1);
  expect(await system.metric('alerting-2', 'connaisseur_kubernetes_events_total', 'written')).toBeGreaterThan(
    0,
  );
});

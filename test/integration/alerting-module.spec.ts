import { readdir, readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { type RunningAlerting, startAlerting } from '#alerting';
import { readTemplates } from '#alerts';
import { createRedis } from '#bus';
import { silentLogger } from '#observability';
import { createTransport } from '#registry';
import { aDenial, anAdmission } from '#testing';

import { alerting, AlertingWorld, FAST, receiver } from './alerting-world.js';

test('the whole module: shipped templates, both streams, health, readiness and metrics over HTTP', async () => {
  await using world = await AlertingWorld.open();
  const target = await world.receiver();
  const transport = createTransport();
  let announce: ((configuration: ReturnType<typeof alerting>) => void) | undefined;
  const lists = {
    admit: [receiver('ecs-1-12-0-0', target.url, { template: 'ecs-1-12-0' })],
    reject: [
      receiver('slack-0', target.url, { template: 'slack' }),
      receiver('msteams-1', target.url, { template: 'msteams' }),
    ],
  };
  const running: RunningAlerting = await startAlerting({
    configuration: alerting(lists),
    templates: await readTemplates('deploy/alert-templates', { readdir, readFile }),
    redis: () => createRedis({ url: world.redis.url }, 'blocking'),
    source: world.decisions.source,
    transport,
    logger: silentLogger,
    podName: 'alerting-0',
    delivery: FAST,
    management: { host: '127.0.0.1', port: 0 },
    subscribe: (listener) => {
      announce = (configuration) => listener({ configuration });
      return () => undefined;
    },
  });
  try {
    const get = async (path: string): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`${running.managementUrl}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    await world.decisions.log.append(anAdmission());
    await world.decisions.log.append(aDenial());
    await target.until(({ accepted }) => accepted.length === 3, 4000);
    const bodies = target.accepted.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(new Set(bodies.map((body) => Object.keys(body)[0]))).toEqual(
      new Set(['@timestamp', 'text', 'type']),
    );

    expect(await get('/health')).toMatchObject({ status: 200 });
    const ready = await get('/ready');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      200,
      expect.objectContaining({
        status: 'ready',
        redis: 'connected',
        reading: ['denials', 'decisions'],
        faults: 0,
      }),
    ]);
    await expect
      .poll(async () => (await get('/metrics')).text)
      .toContain('connaisseur_alerts_total{receiver="reject-slack-0",result="delivered"} 1');
    expect((await get('/metrics')).text).toContain(
      'connaisseur_alert_delivery_duration_seconds_count{receiver="reject-slack-0"} 1',
    );

    announce?.(alerting({ reject: [receiver('slack-7', target.url, { template: 'slack' })] }));
    await expect.poll(() => running.service.health().receivers).toEqual(['reject-slack-7']);
  } finally {
    await running.close();
    await transport.close();
  }
  expect(running.service.health().ready).toBe(false);
});

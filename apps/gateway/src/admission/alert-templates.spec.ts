import { expect, test } from 'vitest';

import { type AlertRoute, routeAlert } from '#alerts';
import { type AlertingConfig, Secret } from '#config';
import { silentLogger } from '#observability';
import type { HttpAnswer, HttpRequest } from '#registry';
import { anAdmission } from '#testing';

import { AlertTemplates } from './alert-templates.js';

const ALERTING: AlertingConfig = {
  clusterIdentifier: 'c',
  reject: [],
  admit: [
    {
      name: 'own-0',
      template: 'own',
      receiverUrl: new Secret('https://x.example/'),
      priority: 3,
      customHeaders: [],
      payloadFields: undefined,
      failIfAlertSendingFails: true,
    },
  ],
};

function world() {
  const sent: string[] = [];
  const state = { text: '{"version":"first"}', fails: false };
  const templates = new AlertTemplates({
    directory: '/alerts',
    log: silentLogger,
    files: {
      readdir: async () => {
        if (state.fails) throw new Error('EIO');
        return ['own.json'] as never;
      },
      readFile: async () => state.text,
    },
    transport: {
      request: async (request: HttpRequest): Promise<HttpAnswer> => {
        sent.push(String(request.body));
        return { status: 200, headers: new Map(), body: new Uint8Array(), network: 'public' };
      },
      close: async () => undefined,
    },
  });
  const [route] = routeAlert(ALERTING, anAdmission());
  const send = async (): Promise<string> => {
    const subject = { record: anAdmission(), clusterIdentifier: 'c' };
    return (await (await templates.sender()).send(route as AlertRoute, subject, AbortSignal.timeout(1_000)))
      .kind;
  };
  return { templates, sent, state, send };
}

test('templates are read again with a new configuration; unreadable ones do not replace those in force', async () => {
  const { templates, sent, state, send } = world();
  expect(await send()).toBe('delivered');
  state.text = '{"version":"second"}';
  await templates.reload();
  await send();
  state.fails = true;
  await templates.reload();
  await send();
  expect(sent.map((body) => (JSON.parse(body) as { version: string }).version)).toEqual([
    'first',
    'second',
    'second',
  ]);
});

test('templates that cannot be read at first: an alert is to be tried again, and with the next reading it goes', async () => {
  const { templates, state, send } = world();
  state.fails = true;
  expect(await send()).toBe('retry');
  state.fails = false;
  await templates.reload();
  expect(await send()).toBe('delivered');
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type ReceiverConfig, Secret } from '#config';

import { checkReceivers } from './check-receivers.js';
import { readTemplates } from './read-templates.js';
import { TemplateCatalogue } from './template-catalogue.js';

function receiver(template: string, priority = 3, url = 'https://x.example'): ReceiverConfig {
  return {
    name: `${template}-0`,
    template,
    receiverUrl: new Secret(url),
    priority,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails: false,
  };
}

const CATALOGUE = new TemplateCatalogue([
  { name: 'slack', file: 'slack.json', text: '{"text":"{{ images }}"}' },
  { name: 'opsgenie', file: 'opsgenie.json', text: '{"message":"{{ images }}"}' },
  { name: 'broken', file: 'broken.json', text: '{"text":"{{ images | upper }}"}' },
]);

test('a template with a fault is not in the catalogue, and its fault has a place', () => {
  expect(CATALOGUE.names).toEqual(['slack', 'opsgenie']);
  expect(CATALOGUE.findings).toMatchObject([{ code: 'template-jinja-filter', file: 'broken.json', line: 1 }]);
});

test.for([
  { name: 'a template that exists', receiver: receiver('slack'), codes: [] },
  { name: 'a template that does not', receiver: receiver('sclak'), codes: ['alert-template-missing'] },
  { name: 'a template with a fault', receiver: receiver('broken'), codes: ['alert-template-missing'] },
  {
    name: 'A06: a template beyond the directory',
    receiver: receiver('../../secrets/x'),
    codes: ['alert-template-missing'],
  },
  { name: 'A06: an inherited name', receiver: receiver('__proto__'), codes: ['alert-template-missing'] },
  { name: 'Opsgenie with priority 5', receiver: receiver('opsgenie', 5), codes: [] },
  { name: 'a URL without TLS', receiver: receiver('slack', 3, 'http://x.svc/'), codes: ['alert-plain-http'] },
  {
    name: 'a retired connector',
    receiver: receiver('slack', 3, 'https://acme.webhook.office.com/x'),
    codes: ['alert-teams-connector'],
  },
  {
    name: 'a host that only looks alike',
    receiver: receiver('slack', 3, 'https://xwebhook.office.com.example'),
    codes: [],
  },
  {
    name: 'Opsgenie by host',
    receiver: receiver('slack', 3, 'https://api.eu.opsgenie.com/v2/alerts'),
    codes: ['alert-opsgenie-end'],
  },
  { name: 'Opsgenie with priority 0', receiver: receiver('opsgenie', 0), codes: ['alert-priority'] },
])('$name', ({ receiver, codes }) => {
  const findings = checkReceivers({ clusterIdentifier: 'c', admit: [], reject: [receiver] }, CATALOGUE);
  expect(findings.map(({ code }) => code)).toEqual(codes);
});

test('A06: only files with a plain name are read from the directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'alerts-'));
  for (const name of [
    'slack.json',
    'my_own.v2.json',
    '..data',
    '.hidden.json',
    'alertconfig.yaml',
    'a b.json',
  ]) {
    writeFileSync(join(directory, name), '{}');
  }
  expect((await readTemplates(directory, files)).map(({ name }) => name)).toEqual(['my_own.v2', 'slack']);
});

import { expect, test } from 'vitest';

import { resolveProfile } from './profile.js';

test.for([
  {
    name: 'Slack by host, whatever the template is called',
    template: 'ours',
    host: 'hooks.slack.com',
    profile: 'slack',
    isKnownHost: true,
  },
  {
    name: 'Slack for governments',
    template: 'ours',
    host: 'HOOKS.slack-gov.com',
    profile: 'slack',
    isKnownHost: true,
  },
  {
    name: 'a host that only ends like Slack',
    template: 'ours',
    host: 'hooks.slack.com.evil.example',
    profile: 'generic',
    isKnownHost: false,
  },
  {
    name: 'Slack’s template elsewhere',
    template: 'slack',
    host: 'chat.example',
    profile: 'slack',
    isKnownHost: false,
  },
  {
    name: 'Opsgenie in Europe',
    template: 'x',
    host: 'api.eu.opsgenie.com',
    profile: 'opsgenie',
    isKnownHost: true,
  },
  {
    name: 'the host wins over the template',
    template: 'slack',
    host: 'bots.keybase.io',
    profile: 'keybase',
    isKnownHost: true,
  },
  {
    name: 'a workflow of Teams',
    template: 'x',
    host: 'prod-12.westeurope.logic.azure.com',
    profile: 'msteams',
    isKnownHost: true,
  },
  {
    name: 'ECS by template',
    template: 'ecs-1-12-0',
    host: 'elastic.example',
    profile: 'ecs',
    isKnownHost: false,
  },
  { name: 'anything else', template: 'x', host: 'example.com', profile: 'generic', isKnownHost: false },
])('$name', ({ template, host, profile, isKnownHost }) => {
  const resolved = resolveProfile(template, host);
  expect([resolved.profile.name, resolved.isKnownHost]).toEqual([profile, isKnownHost]);
});

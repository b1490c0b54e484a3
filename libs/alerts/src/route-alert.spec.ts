import { describe, expect, test } from 'vitest';

import { Secret, type ReceiverConfig } from '#config';
import type { DecisionRecord } from '#contracts';
import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { alertKeyOf, detectionKeyOf, eventIdOf } from './alert-id.js';
import { routeAlert } from './route-alert.js';

function receiver(name: string, failIfAlertSendingFails = false): ReceiverConfig {
  return {
    name,
    template: 'slack',
    receiverUrl: new Secret('https://hooks.slack.com/services/T/B/x'),
    priority: 3,
    customHeaders: [],
    payloadFields: undefined,
    failIfAlertSendingFails,
  };
}

const ALERTING = {
  clusterIdentifier: 'prod',
  admit: [receiver('slack-0')],
  reject: [receiver('slack-0'), receiver('opsgenie-1', true)],
};

const DETECTED: Partial<DecisionRecord> = { allowed: true, wouldDeny: true, mode: 'detect' };

test.for<{ name: string; record: DecisionRecord; heard: readonly string[] }>([
  {
    name: 'an admission in /mutate is heard by admit receivers',
    record: anAdmission(),
    heard: ['admit-slack-0 queue'],
  },
  {
    name: 'the same admission in /validate is not heard again',
    record: anAdmission({ phase: 'validate' }),
    heard: [],
  },
  { name: 'A14: an admission on dry-run is not heard', record: anAdmission({ dryRun: true }), heard: [] },
  { name: 'an exempt namespace is not heard', record: anAdmission({ mode: 'ignored' }), heard: [] },
  { name: 'A14: a denial on dry-run is not heard', record: aDenial({ dryRun: true }), heard: [] },
  {
    name: 'a denial in /mutate is heard by reject receivers',
    record: aDenial(),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'a denial in /validate is heard as well',
    record: aDenial({ phase: 'validate' }),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'A15: what detection mode lets in is heard by reject receivers',
    record: aDenial(DETECTED),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'A15: pods-only validation is the same',
    record: aDenial({ ...DETECTED, mode: 'podsOnly' }),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'an answer does not wait twice for the same detection',
    record: aDenial({ ...DETECTED, phase: 'validate' }),
    heard: ['reject-slack-0 queue'],
  },
  {
    name: 'undecided is heard by reject receivers',
    record: aDenial({ result: 'undecided' }),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'a timeout is heard by reject receivers',
    record: aDenial({ result: 'timeout' }),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
  {
    name: 'an unreadable request is heard by reject receivers',
    record: aDenial({ result: 'invalid' }),
    heard: ['reject-slack-0 queue', 'reject-opsgenie-1 answer'],
  },
])('$name', ({ record, heard }) => {
  expect(routeAlert(ALERTING, record).map(({ key, via }) => `${key} ${via}`)).toEqual(heard);
});

describe('ids', () => {
  const idsOf = (record: DecisionRecord): readonly string[] =>
    routeAlert(ALERTING, record).map(({ alertId }) => alertId);

  test.for([
    {
      name: 'A16: a copy of a record has the same ids',
      left: aDenial(),
      right: aDenial({ time: 1, tookMs: 9 }),
      same: true,
    },
    {
      name: 'both phases of one denied request are one event',
      left: aDenial(),
      right: aDenial({ phase: 'validate' }),
      same: true,
    },
    {
      name: 'another request has other ids',
      left: aDenial(),
      right: aDenial({ uid: 'another' }),
      same: false,
    },
    {
      name: 'another cluster has other ids',
      left: aDenial(),
      right: aDenial({ cluster: 'another' }),
      same: false,
    },
  ])('$name', ({ left, right, same }) => {
    expect(idsOf(left).join() === idsOf(right).join()).toBe(same);
  });

  test('an admission and a denial of one request are two events', () => {
    expect(eventIdOf(anAdmission())).not.toBe(eventIdOf(aDenial()));
  });

  test('two receivers have two ids', () => {
    expect(new Set(idsOf(aDenial())).size).toBe(2);
  });

  test('H22: ids are short, hexadecimal and start with a letter, whatever the record says', () => {
    const hostile = aDenial({ uid: 'a:b:0:*\n', namespace: '../..', name: '{}' });
    for (const id of idsOf(hostile)) expect(id).toMatch(/^a[0-9a-f]{40}$/);
  });

  test.for([
    {
      name: 'a retry by a controller has the same key',
      record: aDenial({ uid: 'later', name: 'api-9xk', time: 5 }),
      same: true,
    },
    {
      name: 'another image has another key',
      record: aDenial({ images: [aDecidedImage({ image: 'x:1', outcome: 'refused' })] }),
      same: false,
    },
    { name: 'another namespace has another key', record: aDenial({ namespace: 'other' }), same: false },
  ])('alert_key: $name', ({ record, same }) => {
    expect(alertKeyOf(record) === alertKeyOf(aDenial())).toBe(same);
  });

  test('/validate repeats what /mutate detected, under another uid', () => {
    const inMutate = aDenial({ ...DETECTED, name: '' });
    expect(detectionKeyOf(aDenial({ ...DETECTED, phase: 'validate', uid: 'other' }))).toBe(
      detectionKeyOf(inMutate),
    );
    expect(detectionKeyOf(aDenial({ ...DETECTED, operation: 'UPDATE' }))).not.toBe(detectionKeyOf(inMutate));
  });
});

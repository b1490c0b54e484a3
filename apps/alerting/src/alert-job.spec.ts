import { describe, expect, test } from 'vitest';

import { type AlertRoute, routeAlert } from '#alerts';
import { type ReceiverConfig, Secret } from '#config';
import { aDecidedImage, aDenial } from '#testing';

import { readAlertJob, toAlertJob } from './alert-job.js';
import { JobSeal } from './job-seal.js';

const CANARY = 'CANARY0123456789';
const RECEIVER: ReceiverConfig = {
  name: 'slack-0',
  template: 'slack',
  receiverUrl: new Secret(`https://hooks.slack.com/services/${CANARY}`),
  priority: 3,
  customHeaders: [{ name: 'Authorization', value: new Secret(CANARY) }],
  payloadFields: { routing_key: CANARY },
  failIfAlertSendingFails: false,
};
const [OLD, NEW] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const OPEN = new JobSeal([]);

function route(): AlertRoute {
  const [first] = routeAlert({ clusterIdentifier: 'c', admit: [], reject: [RECEIVER] }, aDenial());
  if (first === undefined) throw new TypeError('expected a route');
  return first;
}

const EVIDENCE = [{ step: 'rule', ok: true, text: 'matched' }];
const RECORD = aDenial({ images: [aDecidedImage({ evidence: EVIDENCE })] });

test('what goes in comes out, without evidence and sites', () => {
  const read = readAlertJob(
    JSON.parse(JSON.stringify(toAlertJob(route(), RECORD, OPEN))),
    'reject-slack-0',
    OPEN,
  );
  expect(read?.job.alertId).toBe(route().alertId);
  expect(read?.record).toEqual({ ...RECORD, images: [{ ...aDecidedImage(), sites: [] }] });
});

test('A09: neither URL nor headers nor payloadFields are in a job', () => {
  expect(JSON.stringify(toAlertJob(route(), RECORD, new JobSeal([NEW])))).not.toContain(CANARY);
});

describe('A17: only genuine jobs are read', () => {
  const sealed = toAlertJob(route(), RECORD, new JobSeal([OLD]));

  test.for<{ name: string; data: unknown; keys: readonly Uint8Array[]; read: boolean }>([
    { name: 'sealed with the only key', data: sealed, keys: [OLD], read: true },
    { name: 'sealed with the key before', data: sealed, keys: [NEW, OLD], read: true },
    { name: 'sealed with a key that was taken away', data: sealed, keys: [NEW], read: false },
    { name: 'not sealed', data: { ...sealed, mac: undefined }, keys: [OLD], read: false },
    {
      name: 'another record',
      data: { ...sealed, record: JSON.stringify(aDenial({ name: 'x' })) },
      keys: [OLD],
      read: false,
    },
    { name: 'another id', data: { ...sealed, alertId: `a${'0'.repeat(40)}` }, keys: [OLD], read: false },
    { name: 'no keys, no seal asked for', data: sealed, keys: [], read: true },
    { name: 'another receiver', data: { ...sealed, receiver: 'reject-slack-1' }, keys: [], read: false },
    { name: 'F21: an id that is none', data: { ...sealed, alertId: 'a:b' }, keys: [], read: false },
    { name: 'F21: another version', data: { ...sealed, v: 2 }, keys: [], read: false },
    { name: 'F21: no record', data: { ...sealed, record: '{}' }, keys: [], read: false },
    { name: 'F21: no JSON', data: { ...sealed, record: '{' }, keys: [], read: false },
    { name: 'F21: too long', data: { ...sealed, record: ' '.repeat(600_000) }, keys: [], read: false },
    { name: 'F21: a list', data: [], keys: [], read: false },
    { name: 'F21: nothing', data: null, keys: [], read: false },
    { name: 'F21: inherited fields', data: Object.create(sealed), keys: [], read: false },
  ])('$name', ({ data, keys, read }) => {
    expect(readAlertJob(data, 'reject-slack-0', new JobSeal(keys)) !== undefined).toBe(read);
  });

  test('a short key does not construct', () => {
    expect(() => new JobSeal([Buffer.alloc(31)])).toThrow(TypeError);
  });
});

import { expect, test } from 'vitest';

import type { VerificationRequest } from '#contracts';

import { readBusKeys } from '../keys/bus-keys.js';
import { generateBusKeys } from '../keys/generate-bus-keys.js';
import type { BusEvent } from '../verification/observer.js';
import { QuarantineList } from '../verification/quarantine.js';
import { sealRequest } from '../verification/request-envelope.js';
import { subjectOf } from '../verification/subject.js';
import { Intake } from './intake.js';

const NOW = 1_700_000_000_000;
const { requests, verdicts } = readBusKeys(generateBusKeys('k1'));
if (requests === undefined || verdicts === undefined) throw new Error('expected keys');

const REQUEST: VerificationRequest = {
  v: 1,
  cluster: 'c',
  nonce: 'ab'.repeat(16),
  gateway: 'g',
  image: 'docker.io/library/a:1',
  rule: 'b'.repeat(64),
  revision: 'c'.repeat(64),
  budgetMs: 1000,
  attempt: 0,
};
const SUBJECT = subjectOf('c', REQUEST);

test.for([
  { name: 'a request of now', ago: 0, expected: 'run' },
  { name: 'a request just within its budget', ago: 999, expected: 'run' },
  {
    name: 'a request at the end of its budget',
    ago: 1000,
    expected: 'drop',
    events: ['dropped-past-deadline'],
  },
  { name: 'a hedge is no reason to run alone', change: { attempt: 2 }, expected: 'run' },
  { name: 'F22 a redelivered one runs alone', redelivered: true, expected: 'alone' },
  { name: 'F22 a suspected one runs alone', suspects: [SUBJECT], expected: 'alone' },
  { name: 'the suspicion of another image means nothing', suspects: ['x'], expected: 'run' },
  {
    name: 'F22 a quarantined one does not run',
    quarantined: true,
    redelivered: true,
    expected: 'quarantined',
  },
  {
    name: 'a redelivered one past its deadline is dropped',
    redelivered: true,
    ago: 5000,
    expected: 'drop',
    events: ['dropped-past-deadline'],
  },
  { name: 'H25 one of another cluster', change: { cluster: 'd' }, expected: 'drop', events: ['forged'] },
  {
    name: 'a forged one',
    fields: ['body', '{}', 'kid', 'k1', 'mac', ''],
    expected: 'drop',
    events: ['forged'],
  },
] as {
  name: string;
  ago?: number;
  change?: Partial<VerificationRequest>;
  redelivered?: boolean;
  suspects?: string[];
  quarantined?: boolean;
  fields?: string[];
  expected: string;
  events?: string[];
}[])(
  '$name: $expected',
  ({ ago = 0, change, redelivered = false, suspects = [], quarantined, fields, expected, events = [] }) => {
    const observed: BusEvent[] = [];
    const observer = { observe: (event: BusEvent) => void observed.push(event) };
    const quarantine = new QuarantineList({ cluster: 'c', keys: () => verdicts, observer });
    if (quarantined === true) quarantine.add({ cluster: 'c', subject: SUBJECT, until: NOW + 60_000 }, NOW);
    const intake = new Intake({ cluster: 'c', keys: () => requests, observer, quarantine, now: () => NOW });
    const entry = {
      id: `${NOW - ago}-0`,
      fields: fields ?? sealRequest({ ...REQUEST, ...change }, requests),
    };
    const intent = intake.judge(entry, redelivered, new Set(suspects));
    expect(intent.kind).toBe(expected);
    expect(observed.map(({ kind }) => kind)).toEqual(events);
    // Whoever crashed with it is remembered, also where it is too late to answer.
    expect(intent.subject).toBe(events.includes('forged') ? undefined : SUBJECT);
  },
);

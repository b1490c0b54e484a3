import { expect, test } from 'vitest';

import { anAdmission } from '#testing';

import type { OpenedBatch } from './open-batch.js';
import { compareEntryIds, nextEntryId, parseRecordId, RecordIdError, recordId } from './record-id.js';
import { missingRanges, SequenceAudit } from './sequence-audit.js';

function batch(first: number, count: number, fields: Partial<OpenedBatch> = {}): OpenedBatch {
  const records = Array.from({ length: count }, () => anAdmission());
  return {
    gateway: 'g',
    boot: 'b',
    first,
    before: `head-${first}`,
    head: `head-${first + count}`,
    records,
    ...fields,
  };
}

test.for([
  {
    name: 'the first that is seen',
    entry: '5-0',
    next: batch(40, 2),
    fresh: true,
    expected: { kind: 'next' },
  },
  { name: 'the next one', entry: '5-0', next: batch(10, 2), expected: { kind: 'next' } },
  {
    name: 'one too far',
    entry: '5-0',
    next: batch(12, 2),
    expected: { kind: 'gap', since: '4-0', from: 10, to: 12 },
  },
  {
    name: 'one that was read, written again',
    entry: '5-0',
    next: batch(0, 10),
    expected: { kind: 'duplicate' },
  },
  {
    name: 'one that was read, delivered again',
    entry: '4-0',
    next: batch(0, 10),
    expected: { kind: 'redelivered' },
  },
  { name: 'one from before the first', entry: '3-9', next: batch(0, 2), expected: { kind: 'redelivered' } },
  {
    name: 'one with another past',
    entry: '5-0',
    next: batch(10, 2, { before: 'x' }),
    expected: { kind: 'chain-broken' },
  },
  { name: 'one that overlaps', entry: '5-0', next: batch(8, 4), expected: { kind: 'chain-broken' } },
  {
    name: 'one of another start',
    entry: '5-0',
    next: batch(0, 1, { boot: 'c' }),
    expected: { kind: 'next' },
  },
  {
    name: 'one of another gateway',
    entry: '5-0',
    next: batch(90, 1, { gateway: 'h' }),
    expected: { kind: 'next' },
  },
])('$name is judged', ({ entry, next, fresh, expected }) => {
  const audit = new SequenceAudit();
  if (fresh !== true) audit.remember('4-0', batch(0, 10));
  expect(audit.judge(entry, next)).toEqual(expected);
});

test('what is older changes nothing', () => {
  const audit = new SequenceAudit();
  audit.remember('4-0', batch(0, 10));
  audit.remember('3-0', batch(90, 2));
  audit.remember('5-0', batch(0, 2));
  expect(audit.judge('6-0', batch(10, 1))).toEqual({ kind: 'next' });
});

test('very many writers do not fill the memory', () => {
  const audit = new SequenceAudit();
  for (let boot = 0; boot < 5_000; boot += 1) audit.remember('4-0', batch(0, 1, { boot: `${boot}` }));
  expect(audit.judge('5-0', batch(7, 1, { boot: '0' }))).toEqual({ kind: 'next' });
  expect(audit.judge('5-0', batch(7, 1, { boot: '4999' }))).toMatchObject({ kind: 'gap' });
});

test.for([
  { name: 'all there', have: [batch(5, 2), batch(3, 2)], missing: [] },
  { name: 'nothing there', have: [], missing: [{ from: 3, to: 7 }] },
  { name: 'a hole', have: [batch(3, 1), batch(6, 3)], missing: [{ from: 4, to: 6 }] },
  { name: 'the end missing', have: [batch(3, 2)], missing: [{ from: 5, to: 7 }] },
  { name: 'the beginning missing, beyond the end', have: [batch(8, 2)], missing: [{ from: 3, to: 7 }] },
  { name: 'twice', have: [batch(3, 4), batch(3, 4)], missing: [] },
])('of the numbers 3 to 6: $name', ({ have, missing }) => {
  expect(missingRanges(3, 7, have)).toEqual(missing);
});

test.for([
  { name: 'a record id', text: '1700000000000-12-3', ok: true },
  { name: 'an entry id', text: '1700000000000-12', ok: false },
  { name: 'an index too many', text: '1-2-3-4', ok: false },
  { name: 'an argument of Redis', text: '$', ok: false },
  { name: 'a range', text: '(1-2-3', ok: false },
  { name: 'a line more', text: '1-2-3\n', ok: false },
  { name: 'too many digits', text: `${'1'.repeat(17)}-0-0`, ok: false },
])('$name is a place: $ok', ({ text, ok }) => {
  if (ok) expect(recordId(parseRecordId(text).entry, parseRecordId(text).index)).toBe(text);
  else expect(() => parseRecordId(text)).toThrow(RecordIdError);
});

test.for([
  { name: 'by time', a: '9-5', b: '10-0', order: -1 },
  { name: 'by number', a: '9-10', b: '9-9', order: 1 },
  { name: 'equal', a: '9-1', b: '9-1', order: 0 },
])('entry ids compare $name', ({ a, b, order }) => {
  expect(Math.sign(compareEntryIds(a, b))).toBe(order);
});

test('the next id is the smallest after it', () => {
  expect(nextEntryId('9-9')).toBe('9-10');
  expect(compareEntryIds(nextEntryId('9-9'), '9-9')).toBeGreaterThan(0);
});

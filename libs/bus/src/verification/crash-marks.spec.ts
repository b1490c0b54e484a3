import { expect, test } from 'vitest';

import { readBusKeys } from '../keys/bus-keys.js';
import { generateBusKeys } from '../keys/generate-bus-keys.js';
import { CRASH_DEFAULTS, type CrashMark, decideAlone, openMark, sealMark } from './crash-marks.js';
import { EnvelopeError } from './error.js';
import { openQuarantine, QuarantineList, sealQuarantine } from './quarantine.js';
import { subjectOf } from './subject.js';

const NOW = 1_000_000;
const crashed = (run: string, ago = 5000): CrashMark => ({ run, beat: NOW - ago });
const alive = (run: string): CrashMark => ({ run, beat: NOW - 100 });

test.for([
  { name: 'nothing is known against it', others: [], expected: { kind: 'run' } },
  { name: 'one run crashed', others: [crashed('a')], expected: { kind: 'run' } },
  { name: 'two runs crashed', others: [crashed('a'), crashed('b')], expected: { kind: 'run' } },
  { name: 'a run lives elsewhere', others: [alive('a')], expected: { kind: 'wait' } },
  {
    name: 'two crashed and one lives',
    others: [crashed('a'), alive('c'), crashed('b')],
    expected: { kind: 'wait' },
  },
  {
    name: 'F22 three runs crashed',
    others: [crashed('c', 3000), crashed('a', 9000), crashed('b', 6000)],
    expected: { kind: 'quarantine', crashes: 3, forgive: ['a'] },
  },
  {
    name: 'five runs crashed: two are remembered',
    others: [9000, 8000, 7000, 6000, 5000].map((ago) => crashed(`r${ago}`, ago)),
    expected: { kind: 'quarantine', crashes: 5, forgive: ['r9000', 'r8000', 'r7000'] },
  },
  {
    name: 'three crashed and one lives: nobody should start it',
    others: [crashed('a'), crashed('b'), crashed('c'), alive('d')],
    expected: { kind: 'quarantine', crashes: 3, forgive: ['a'] },
  },
  { name: 'a mark of this very moment', others: [{ run: 'a', beat: NOW }], expected: { kind: 'wait' } },
  { name: 'a mark from the future', others: [{ run: 'a', beat: NOW + 5000 }], expected: { kind: 'wait' } },
  { name: 'a mark exactly as old as the bound', others: [crashed('a', 1000)], expected: { kind: 'run' } },
])('$name → $expected.kind', ({ others, expected }) => {
  expect(decideAlone(others, NOW, CRASH_DEFAULTS)).toEqual(expected);
});

const { verdicts } = readBusKeys(generateBusKeys('k1'));
const { verdicts: foreign } = readBusKeys(generateBusKeys('k1'));
if (verdicts === undefined || foreign === undefined) throw new Error('expected keys');
const subject = subjectOf('c', { image: 'docker.io/library/a:1', rule: 'r' });
const text = sealMark('c', subject, { run: 'w/1', beat: NOW }, verdicts);

test('a mark says which run of which image lives', () => {
  expect(openMark('c', subject, 'w/1', text, verdicts)).toEqual({ run: 'w/1', beat: NOW });
});

test.for([
  { name: 'another cluster', given: ['d', subject, 'w/1', verdicts] },
  {
    name: 'another image',
    given: ['c', subjectOf('c', { image: 'docker.io/library/b:1', rule: 'r' }), 'w/1', verdicts],
  },
  { name: 'another run', given: ['c', subject, 'w/2', verdicts] },
  { name: 'another key', given: ['c', subject, 'w/1', foreign] },
] as { name: string; given: [string, string, string, typeof verdicts] }[])(
  'a mark is not believed for $name',
  ({ given }) => {
    const [cluster, ofSubject, run, keys] = given;
    expect(() => openMark(cluster, ofSubject, run, text, keys)).toThrow(EnvelopeError);
  },
);

test.for([
  { name: 'cluster and image', left: ['a', 'b', 'c'], right: ['ab', '', 'c'] },
  { name: 'H06 image and rule', left: ['a', 'b|', 'c'], right: ['a', 'b', '|c'] },
  { name: 'clusters', left: ['a', 'b', 'c'], right: ['d', 'b', 'c'] },
] as { name: string; left: [string, string, string]; right: [string, string, string] }[])(
  'subjects differ by $name',
  ({ left, right }) => {
    const name = ([cluster, image, rule]: [string, string, string]): string =>
      subjectOf(cluster, { image, rule });
    expect(name(left)).not.toBe(name(right));
    expect(name(left)).toMatch(/^[0-9a-f]{32}$/);
  },
);

function listOf(texts: readonly string[], now = NOW) {
  const faults: string[] = [];
  const list = new QuarantineList({
    cluster: 'c',
    keys: () => verdicts!,
    observer: { observe: (event) => void (event.kind === 'forged' && faults.push(event.message)) },
  });
  list.replace(texts, now);
  return { list, faults };
}

test.for([
  { name: 'a record of now', record: { cluster: 'c', until: NOW + 60_000 }, at: NOW, expected: true },
  { name: 'a record that ended', record: { cluster: 'c', until: NOW - 1 }, at: NOW, expected: false },
  {
    name: 'a record at its end',
    record: { cluster: 'c', until: NOW + 60_000 },
    at: NOW + 60_000,
    expected: false,
  },
  { name: 'a record for a year, now', record: { cluster: 'c', until: NOW + 3e10 }, at: NOW, expected: true },
  {
    name: 'H07 a record for a year, in ten minutes',
    record: { cluster: 'c', until: NOW + 3e10 },
    at: NOW + 6e5,
    expected: false,
  },
  {
    name: 'H25 a record of another cluster',
    record: { cluster: 'd', until: NOW + 60_000 },
    at: NOW,
    expected: false,
  },
])('$name quarantines: $expected', ({ record, at, expected }) => {
  const { list } = listOf([sealQuarantine({ ...record, subject }, verdicts)]);
  expect(list.has(subject, at)).toBe(expected);
});

test('forged records are counted once, and the list is what was read last', () => {
  const good = sealQuarantine({ cluster: 'c', subject, until: NOW + 60_000 }, verdicts);
  const bad = sealQuarantine({ cluster: 'c', subject, until: NOW + 60_000 }, foreign);
  const { list, faults } = listOf([bad]);
  expect(list.has(subject, NOW)).toBe(false);
  list.replace([bad, good], NOW);
  expect(list.has(subject, NOW)).toBe(true);
  expect(faults).toEqual(['quarantine']);
  list.replace([], NOW);
  expect(list.has(subject, NOW)).toBe(false);
  list.add({ cluster: 'c', subject, until: NOW + 10 }, NOW);
  expect(list.has(subject, NOW)).toBe(true);
  expect(() => openQuarantine('x', 'c', verdicts)).toThrow(EnvelopeError);
});

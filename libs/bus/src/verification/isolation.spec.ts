import { expect, test } from 'vitest';

import type { Verdict, VerificationReply } from '#contracts';

import { Isolation, ISOLATION_DEFAULTS } from './isolation.js';

type Said = 'ok' | 'no' | 'cannot' | `CNS-2${string}`;

function replyOf(host: string, said: Said): VerificationReply {
  const bound = {
    v: 1,
    cluster: 'c',
    nonce: 'a'.repeat(32),
    image: `${host}/app:1`,
    rule: 'b'.repeat(64),
    revision: 'c'.repeat(64),
    verifier: 'v',
  };
  if (said === 'cannot') return { kind: 'cannot', ...bound, reason: 'revision' };
  const common = { evidence: [], tookMs: 1 };
  const refused: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'x', ...common };
  const admitted: Verdict = { outcome: 'admitted', ground: 'verified', ...common };
  const other: Verdict = { outcome: 'undecided', code: said, message: 'x', ...common };
  return { kind: 'verdict', ...bound, verdict: said === 'ok' ? admitted : said === 'no' ? refused : other };
}

const FIVE: [string, Said][] = ['a', 'b', 'a', 'b', 'a'].map((host) => [host, 'CNS-2004']);

test.for([
  { name: 'five failures over two hosts', said: FIVE, isolated: true },
  { name: 'four failures', said: FIVE.slice(1), isolated: false },
  { name: 'five failures over one host', said: FIVE.map(([, said]) => ['a', said]), isolated: false },
  { name: 'one admission among them', said: FIVE.toSpliced(2, 0, ['c', 'ok']), isolated: false },
  { name: 'one refusal among them', said: FIVE.toSpliced(2, 0, ['c', 'no']), isolated: false },
  { name: 'a rate limit among them', said: FIVE.toSpliced(2, 0, ['c', 'CNS-2005']), isolated: false },
  {
    name: 'another configuration among them says nothing',
    said: FIVE.toSpliced(2, 0, ['c', 'cannot']),
    isolated: true,
  },
  {
    name: 'refused credentials and time-outs',
    said: FIVE.map(([host], n) => [host, n % 2 === 0 ? 'CNS-2003' : 'CNS-2006']),
    isolated: true,
  },
  {
    name: 'six failures, the second host in the sixth',
    said: [...FIVE.map(([, said]) => ['a', said]), ['b', 'CNS-2004']],
    isolated: true,
  },
] as { name: string; said: [string, Said][]; isolated: boolean }[])(
  '$name: isolated is $isolated',
  ({ said, isolated }) => {
    const isolation = new Isolation(ISOLATION_DEFAULTS);
    for (const [index, [host, one]] of said.entries()) isolation.record(replyOf(host, one), index * 10);
    expect(isolation.isolated).toBe(isolated);
  },
);

test('failures that are old do not count', () => {
  const isolation = new Isolation(ISOLATION_DEFAULTS);
  for (const [index, [host, one]] of FIVE.entries()) isolation.record(replyOf(host, one), index * 20_000);
  expect(isolation.isolated).toBe(false);
});

test('probes come after a pause that doubles, and one success is enough', () => {
  const isolation = new Isolation({ ...ISOLATION_DEFAULTS, backoffMs: 100, maxBackoffMs: 300 });
  const changes = FIVE.map(([host, one]) => isolation.record(replyOf(host, one), 0));
  expect(changes).toEqual([undefined, undefined, undefined, undefined, 'isolated']);
  expect(isolation.hosts).toEqual(['a', 'b']);
  const probes: number[] = [];
  for (let now = 0; now <= 1500; now += 10) {
    if (!isolation.mayProbe(now)) continue;
    probes.push(now);
    isolation.record(replyOf('a', 'CNS-2004'), now);
  }
  expect(probes).toEqual([100, 300, 600, 900, 1200, 1500]);
  expect(isolation.record(replyOf('a', 'ok'), 1600)).toBe('joined');
  expect(isolation.isolated).toBe(false);
  expect(isolation.mayProbe(9999)).toBe(false);
});

test('work that was in flight when the isolation began does not make the pause longer', () => {
  const isolation = new Isolation({ ...ISOLATION_DEFAULTS, backoffMs: 100 });
  for (const [host, one] of FIVE) isolation.record(replyOf(host, one), 0);
  for (let more = 0; more < 30; more += 1) isolation.record(replyOf('a', 'CNS-2004'), 50);
  expect(isolation.mayProbe(100)).toBe(true);
});

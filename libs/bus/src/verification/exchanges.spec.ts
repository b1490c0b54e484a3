import { expect, test } from 'vitest';

import type { Verdict, VerificationReply, VerificationRequest } from '#contracts';

import { monotonicClock } from './clock.js';
import { BusDownError } from './error.js';
import { Exchanges } from './exchanges.js';
import type { BusEvent } from './observer.js';

const QUESTION = { image: 'docker.io/library/a:1', rule: 'b'.repeat(64), revision: 'c'.repeat(64) };
const NEVER = new AbortController().signal;
const admitted: Verdict = { outcome: 'admitted', ground: 'static', evidence: [], tookMs: 1 };
const refused: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'x', evidence: [], tookMs: 1 };
const undecided: Verdict = { outcome: 'undecided', code: 'CNS-2004', message: 'x', evidence: [], tookMs: 1 };

function desk(options: { fault?: Error; maxInFlight?: number } = {}) {
  const events: BusEvent[] = [];
  const posted: VerificationRequest[] = [];
  const ended: [string, boolean][] = [];
  const exchanges = new Exchanges({
    carrier: {
      fault: options.fault,
      post: (request) => void posted.push(request),
      ended: (nonce, answered) => void ended.push([nonce, answered]),
    },
    cluster: 'c',
    gateway: 'g',
    clock: { ...monotonicClock, now: () => 0 },
    random: (bytes) => new Uint8Array(bytes).fill(posted.length + 1),
    observer: { observe: (event) => void events.push(event) },
    hedge: { most: 0 },
    ...(options.maxInFlight === undefined ? {} : { maxInFlight: options.maxInFlight }),
  });
  const replyTo = (request: VerificationRequest | undefined, verdict: Verdict): VerificationReply => {
    if (request === undefined) throw new Error('expected a request');
    const { gateway: _gateway, budgetMs: _budgetMs, attempt: _attempt, ...bound } = request;
    return { kind: 'verdict', ...bound, verifier: 'v', verdict };
  };
  return { exchanges, events, posted, ended, replyTo };
}

test('a question carries a nonce of 128 bits, cluster and gateway', async () => {
  const { exchanges, posted, replyTo, ended } = desk();
  const asked = exchanges.ask(QUESTION, 1000, NEVER);
  expect(posted).toEqual([
    { v: 1, cluster: 'c', gateway: 'g', nonce: '01'.repeat(16), ...QUESTION, budgetMs: 1000, attempt: 0 },
  ]);
  exchanges.receive(replyTo(posted[0], admitted));
  await expect(asked).resolves.toMatchObject({ verdict: admitted });
  expect(ended).toEqual([['01'.repeat(16), true]]);
  expect(exchanges.size).toBe(0);
});

test('nothing is sent where nothing can be sent', async () => {
  const { exchanges, posted } = desk({ fault: new BusDownError('unreachable', 'x') });
  await expect(exchanges.ask(QUESTION, 1000, NEVER)).rejects.toBeInstanceOf(BusDownError);
  expect(posted).toEqual([]);
});

test.for([
  { name: 'the same answer again', second: admitted, event: { kind: 'duplicate', agrees: true } },
  { name: 'H18 another answer', second: refused, event: { kind: 'duplicate', agrees: false } },
  {
    name: 'an undecided one contradicts nothing',
    second: undecided,
    event: { kind: 'duplicate', agrees: true },
  },
])('after the answer: $name', async ({ second, event }) => {
  const { exchanges, posted, replyTo, events } = desk();
  const asked = exchanges.ask(QUESTION, 1000, NEVER);
  exchanges.receive(replyTo(posted[0], admitted));
  await asked;
  exchanges.receive(replyTo(posted[0], second));
  expect(events).toEqual([event]);
});

test.for([
  { name: 'H17 an answer to an aborted question', isKnown: true },
  { name: 'an answer to no question', isKnown: false },
])('$name is late', async ({ isKnown }) => {
  const { exchanges, posted, replyTo, events } = desk();
  const abort = new AbortController();
  const failed = expect(exchanges.ask(QUESTION, 1000, abort.signal)).rejects.toThrow('enough');
  abort.abort(new Error('enough'));
  await failed;
  const reply = replyTo(posted[0], admitted);
  exchanges.receive(isKnown ? reply : { ...reply, nonce: 'f'.repeat(32) });
  expect(events).toEqual([{ kind: 'late' }]);
});

test('failing and resuming reach every open question', async () => {
  const { exchanges, posted } = desk();
  const asked = [1, 2, 3].map(() => exchanges.ask(QUESTION, 1000, NEVER));
  exchanges.resumeAll();
  expect(posted.map(({ attempt }) => attempt)).toEqual([0, 0, 0, 1, 1, 1]);
  exchanges.failAll(new Error('down'));
  const ends = await Promise.allSettled(asked);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(exchanges.size).toBe(0);
});

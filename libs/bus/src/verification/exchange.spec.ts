// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import type { Verdict, VerificationReply, VerificationRequest } from '#contracts';

import type { Clock } from './clock.js';
import { Exchange, type ExchangeEnd, type ExchangeParts } from './exchange.js';
import type { BusEvent } from './observer.js';

const BASE = {
  v: 1,
  cluster: 'c',
  nonce: 'ab'.repeat(16),
  gateway: 'g',
  image: 'docker.io/library/nginx:1',
  rule: 'c'.repeat(64),
  revision: 'd'.repeat(64),
};

/** A clock that goes when it is told to, through every moment at which something is due. */
class ManualClock implements Clock {
  #now = 0;
  readonly #tasks = new Set<{ readonly at: number; readonly task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task };
    this.#tasks.add(entry);
    return () => void this.#tasks.delete(entry);
  }

  get pending(): number {
    return this.#tasks.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#tasks].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks.delete(next);
      this.#now = next.at;
      next.task();
    }
    this.#now = end;
  }
}

/** An exchange with everything that it did. */
function begin(options: Partial<ExchangeParts> = {}) {
  const clock = new ManualClock();
  const posted: VerificationRequest[] = [];
  const at: number[] = [];
  const events: BusEvent[] = [];
  const ends: ExchangeEnd[] = [];
  const exchange = new Exchange({
    base: BASE,
    budgetMs: 4000,
    shareMs: 2000,
    hedgeAfterMs: 100,
    mostHedges: 2,
    clock,
    post: (request) => {
      posted.push(request);
      at.push(clock.now());
    },
    mayHedge: () => true,
    observe: (event) => events.push(event),
    onEnd: (end) => ends.push(end),
    ...options,
  });
  const outcome: { reply?: VerificationReply; error?: unknown } = {};
  exchange.answer.then(
    (reply) => void (outcome.reply = reply),
    (error: unknown) => void (outcome.error = error),
  );
  return { clock, posted, at, events, ends, exchange, outcome };
}

const DECIDED = { evidence: [], tookMs: 1 };
const admitted: Verdict = { outcome: 'admitted', ground: 'verified', ...DECIDED };
const refused: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'x', ...DECIDED };
const undecided = (code: string): Verdict => ({ outcome: 'undecided', code, message: 'x', ...DECIDED });

function reply(verdict: Verdict): VerificationReply {
  const { gateway: _gateway, ...bound } = BASE;
  return { kind: 'verdict', ...bound, verifier: 'v', verdict };
}

const { gateway: _gateway, ...BOUND } = BASE;
const cannot: VerificationReply = { kind: 'cannot', ...BOUND, verifier: 'v', reason: 'revision' };

async function settled(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}

describe('hedges', () => {
  test('go out after the delay, at most twice, with what is left of the budget', () => {
    const { clock, posted, at, events } = begin();
    clock.advance(1999);
    expect(at).toEqual([0, 100, 200]);
    expect(posted.map(({ attempt, budgetMs }) => [attempt, budgetMs])).toEqual([
      [0, 4000],
      [1, 3900],
      [2, 3800],
    ]);
    expect(events).toEqual([
      { kind: 'hedged', attempt: 1, cause: 'slow' },
      { kind: 'hedged', attempt: 2, cause: 'slow' },
    ]);
  });

  test.for([
    { name: 'none where none is allowed', options: { mostHedges: 0 }, at: [0] },
    { name: 'none where the purse is empty', options: { mayHedge: () => false }, at: [0] },
    { name: 'none that would come after the share', options: { hedgeAfterMs: 2000 }, at: [0] },
    {
      name: 'one where the second would come after the share',
      options: { hedgeAfterMs: 1500 },
      at: [0, 1500],
    },
  ])('$name', ({ options, at: expected }) => {
    const { clock, at } = begin(options);
    clock.advance(5000);
    expect(at).toEqual(expected);
  });

  test('stop with the answer', async () => {
    const { clock, at, exchange, outcome } = begin();
    clock.advance(150);
    exchange.receive(reply(admitted));
    clock.advance(5000);
    await settled();
    expect(at).toEqual([0, 100]);
    expect(outcome.reply).toEqual(reply(admitted));
    expect(clock.pending).toBe(0);
  });
});

describe('what is final', () => {
  test.for([
    { name: 'an admission', replies: [reply(admitted)], final: reply(admitted), posted: 1 },
    { name: 'a refusal', replies: [reply(refused)], final: reply(refused), posted: 1 },
    { name: 'another configuration', replies: [cannot], final: cannot, posted: 1 },
    {
      name: 'nothing after a first undecided one',
      replies: [reply(undecided('CNS-2004'))],
      final: undefined,
      posted: 2,
    },
    {
      name: 'an admission after an undecided one',
      replies: [reply(undecided('CNS-2004')), reply(admitted)],
      final: reply(admitted),
      posted: 2,
    },
    {
      name: 'the third undecided one',
      replies: [reply(undecided('CNS-2004')), reply(undecided('CNS-2006')), reply(undecided('CNS-2003'))],
      final: reply(undecided('CNS-2003')),
      posted: 3,
    },
    {
      name: 'a rate limit',
      replies: [reply(undecided('CNS-2005'))],
      final: reply(undecided('CNS-2005')),
      posted: 1,
    },
    {
      name: 'a rule that nobody can apply',
      replies: [reply(undecided('CNS-3001'))],
      final: reply(undecided('CNS-3001')),
      posted: 1,
    },
    {
      name: 'the first of two decisions',
      replies: [reply(refused), reply(admitted)],
      final: reply(refused),
      posted: 1,
    },
  ])('$name', async ({ replies, final, posted: count }) => {
    const { posted, exchange, outcome, ends } = begin();
    for (const one of replies) exchange.receive(one);
    await settled();
    expect(outcome.reply).toEqual(final);
    expect(posted).toHaveLength(count);
    expect(ends).toHaveLength(final === undefined ? 0 : 1);
  });

  test('a rate limit waits for a hedge that is out already', async () => {
    const { clock, exchange, outcome } = begin();
    clock.advance(100);
    exchange.receive(reply(undecided('CNS-2005')));
    await settled();
    expect(outcome.reply).toBeUndefined();
    exchange.receive(reply(admitted));
    await settled();
    expect(outcome.reply).toEqual(reply(admitted));
  });
});

describe('the end of the share', () => {
  test('is silence where nobody answered', async () => {
    const { clock, outcome, ends } = begin();
    clock.advance(1999);
    await settled();
    expect(outcome.error).toBeUndefined();
    clock.advance(1);
    await settled();
    expect(outcome.error).toMatchObject({ name: 'BusSilentError', code: 'no-answer' });
    expect(ends).toEqual([{ reply: undefined, tookMs: 2000 }]);
    expect(clock.pending).toBe(0);
  });

  test('is the undecided verdict that came', async () => {
    const { clock, exchange, outcome } = begin();
    exchange.receive(reply(undecided('CNS-2004')));
    clock.advance(2000);
    await settled();
    expect(outcome.reply).toEqual(reply(undecided('CNS-2004')));
  });
});

describe('a lost Redis', () => {
  test('resuming asks again, beyond the hedges, and no more often than the protocol counts', () => {
    const { clock, posted, exchange } = begin();
    clock.advance(300);
    for (let time = 0; time < 20; time += 1) exchange.resume();
    expect(posted.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('failing ends it once', async () => {
    const { clock, exchange, outcome, ends } = begin();
    exchange.fail(new Error('first'));
    exchange.fail(new Error('second'));
    exchange.resume();
    exchange.receive(reply(admitted));
    clock.advance(5000);
    await settled();
    expect(outcome.error).toMatchObject({ message: 'first' });
    expect(ends).toHaveLength(1);
  });
});

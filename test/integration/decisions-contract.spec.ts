// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  type DecisionLog,
  DecisionLogError,
  type DecisionSource,
  InMemoryDecisions,
  RecordIdError,
} from '#bus';
import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { TestRedis } from './decisions-redis.js';
import { consumeUntil, DecisionWorld, numbered, take, uids, uidsOf } from './decisions-world.js';

interface Twin {
  readonly name: string;
  readonly open: () => Promise<{ log: DecisionLog; source: DecisionSource }>;
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis.stop());

const TWINS: Twin[] = [
  {
    name: 'Redis',
    open: async () => {
      const world = new DecisionWorld(redis);
      await redis.patient().flushall();
      return { log: await world.log(), source: world.source() };
    },
  },
  {
    name: 'memory',
    open: () => {
      const { log, source } = new InMemoryDecisions();
      return Promise.resolve({ log, source });
    },
  },
];

const forever = new AbortController().signal;
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

describe.for(TWINS)('decisions in $name', ({ open }) => {
  let log: DecisionLog;
  let source: DecisionSource;
  beforeEach(async () => {
    ({ log, source } = await open());
  });

  async function append(count: number, from = 0): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => log.append(numbered(from + index))));
  }

  test('a record comes back exactly, with its evidence', async () => {
    const image = aDecidedImage({ cached: false, evidence: [{ step: 'rule', ok: true, text: 'policy[3]' }] });
    const record = anAdmission({
      images: [image, aDecidedImage({ evidence: [] })],
      imageCount: 2,
      user: 'ann',
    });
    await log.append(record);
    const { decisions } = await source.history({ limit: 1 }, forever);
    expect(decisions[0]?.record).toEqual(record);
  });

  test('appended records are read in order under ids of their own', async () => {
    await append(40);
    const { decisions, next } = await source.history({ limit: 100 }, forever);
    expect(uidsOf(decisions)).toEqual(uids(40).toReversed());
    expect(new Set(decisions.map(({ id }) => id)).size).toBe(40);
    expect(new Set(decisions.map(({ origin }) => origin)).size).toBe(40);
    expect(next).toBeUndefined();
  });

  test('the pages of history meet without a gap and without a repetition', async () => {
    await append(45);
    const pages: string[][] = [];
    let before: string | undefined;
    do {
      const page = await source.history({ limit: 10, ...(before === undefined ? {} : { before }) }, forever);
      pages.push(uidsOf(page.decisions));
      before = page.next;
    } while (before !== undefined);
    expect(pages.flat()).toEqual(uids(45).toReversed());
  });

  test.for([
    { name: 'all', query: {}, expected: [4, 3, 2, 1, 0] },
    { name: 'denials only', query: { denialsOnly: true }, expected: [3, 0] },
    { name: 'a filter', query: { filter: ({ uid }: { uid: string }) => uid > 'uid-2' }, expected: [4, 3] },
  ])('history gives $name', async ({ query, expected }) => {
    await append(5);
    const { decisions } = await source.history({ limit: 10, ...query }, forever);
    expect(uidsOf(decisions)).toEqual(expected.map((number) => `uid-${number}`));
  });

  test('an admission that detection mode let through is among the denials', async () => {
    await log.append(anAdmission({ uid: 'let-through', wouldDeny: true, mode: 'detect' }));
    const { decisions } = await source.history({ limit: 10, denialsOnly: true }, forever);
    expect(uidsOf(decisions)).toEqual(['let-through']);
  });

  test.for(['', '1-2', '1-2-3-4', 'x-0-0', '1-0-99999', '+'])(
    '"%s" is not a place to resume from',
    async (id) => {
      const tail = async (): Promise<unknown> => take(source.tail({ after: id }, soon()), 1);
      await expect(tail()).rejects.toThrow(RecordIdError);
      await expect((async () => source.history({ before: id, limit: 1 }, forever))()).rejects.toThrow(
        RecordIdError,
      );
    },
  );

  test('a tail without a place begins now', async () => {
    await append(5);
    const reading = take(source.tail({}, soon()), 3);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await append(3, 5);
    expect(uidsOf(await reading)).toEqual(uids(3, 5));
  });

  test.for([0, 7, 15, 16, 38])('a tail resumes after record %i, also within a batch', async (index) => {
    await append(40);
    const all = (await source.history({ limit: 100 }, forever)).decisions.toReversed();
    const rest = await take(source.tail({ after: all[index]!.id }, soon()), 39 - index);
    expect(rest).toEqual(all.slice(index + 1));
  });

  test('a tail of denials gives only denials', async () => {
    const reading = take(source.tail({ denialsOnly: true }, soon()), 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await append(4);
    expect(uidsOf(await reading)).toEqual(['uid-0', 'uid-3']);
  });

  test('a tail ends with its signal', async () => {
    const stop = AbortSignal.timeout(50);
    expect(await take(source.tail({}, stop), 1)).toEqual([]);
  });

  test('a group gets everything from the beginning, and each record goes to one of its readers', async () => {
    await append(64);
    const got: string[] = [];
    const stop = new AbortController();
    const read = (consumer: string): Promise<void> =>
      source.consume(
        { group: 'alerting', consumer, stream: 'decisions' },
        async (batch) => {
          got.push(...uidsOf(batch));
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (got.length >= 64) setTimeout(() => stop.abort(), 20);
        },
        AbortSignal.any([stop.signal, soon()]),
      );
    await Promise.all([read('a'), read('b')]);
    expect(got.toSorted()).toEqual(uids(64).toSorted());
  });

  test('two groups do not share', async () => {
    await append(3);
    for (const group of ['alerting', 'export']) {
      const reader = { group, consumer: 'a', stream: 'denials' } as const;
      expect(uidsOf(await consumeUntil(source, reader, (all) => all.length >= 1))).toEqual(['uid-0']);
    }
  });

  test('what was acknowledged does not come again, what was not does', async () => {
    await append(1, 1);
    const reader = { group: 'alerting', consumer: 'a', stream: 'decisions' } as const;
    await consumeUntil(source, reader, (all) => all.length >= 1);
    await append(1, 2);
    const stop = new AbortController();
    await source.consume(
      reader,
      () => {
        stop.abort();
        return Promise.reject(new Error('the queue is away'));
      },
      stop.signal,
    );
    const again = await consumeUntil(source, { ...reader, consumer: 'b' }, (all) => all.length >= 1);
    expect(uidsOf(again)).toEqual(['uid-2']);
  });

  test('a handler that fails gets the same records again', async () => {
    await append(1);
    let attempts = 0;
    const stop = new AbortController();
    await source.consume(
      { group: 'alerting', consumer: 'a', stream: 'decisions' },
      (batch) => {
        attempts += 1;
        expect(uidsOf(batch)).toEqual(['uid-0']);
        if (attempts === 3) setTimeout(() => stop.abort(), 20);
        return attempts < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      },
      AbortSignal.any([stop.signal, soon()]),
    );
    expect(attempts).toBe(3);
  });

  test('a group that was released begins anew', async () => {
    await append(1);
    const reader = { group: 'alerting', consumer: 'a', stream: 'decisions' } as const;
    await consumeUntil(source, reader, (all) => all.length >= 1);
    await source.release('decisions', 'alerting', forever);
    await source.release('decisions', 'nobody', forever);
    expect(uidsOf(await consumeUntil(source, reader, (all) => all.length >= 1))).toEqual(['uid-0']);
  });

  test('close keeps what was appended, and takes nothing more', async () => {
    const durable = log.append(aDenial({ uid: 'last' }));
    await log.close(soon());
    await durable;
    expect(uidsOf((await source.history({ limit: 1 }, forever)).decisions)).toEqual(['last']);
    const late = log.append(anAdmission());
    await expect(late).rejects.toThrow(DecisionLogError);
    await expect(late).rejects.toMatchObject({ code: 'NOT_DURABLE', reason: 'closed' });
    expect(log.stats()).toMatchObject({ written: 1, waiting: 0, lost: 1 });
  });
});

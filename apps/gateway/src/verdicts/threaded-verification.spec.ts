import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from 'vitest';

import type { Verdict } from '#contracts';
import { parseImageReference } from '#image-ref';
import { FloorStore, RelayedFloors } from '#validator-notaryv1';
import type { Question } from '#verification';

import { ThreadedVerification, type ThreadedVerificationOptions } from './threaded-verification.js';

const ENTRY = new URL('../../test/fake-thread.mjs', import.meta.url);
const soon = (): AbortSignal => AbortSignal.timeout(8_000);

function ask(name: string): Question {
  return { image: parseImageReference(`h.example/${name}:1`), rule: 'r', revision: 'c', trustRevision: 't' };
}

let open: ThreadedVerification | undefined;
afterEach(async () => await open?.close());

/** Real threads that run the fake program; `text` is the configuration of threads that start from now on. */
function world(options: Partial<ThreadedVerificationOptions> = {}) {
  const configuration = { text: 'first' };
  const crashes: unknown[] = [];
  let started = 0;
  const local = new ThreadedVerification({
    entry: ENTRY,
    setup: () => {
      started += 1;
      return {
        source: { file: { name: 'f', text: configuration.text } },
        secretsDirectory: undefined,
        dockerConfig: undefined,
      };
    },
    floors: new RelayedFloors(new FloorStore()),
    onNotary: () => undefined,
    onCrash: (error) => crashes.push(error),
    ...options,
  });
  open = local;
  const verify = async (name: string, signal = soon()): Promise<string> => {
    const verdict = await local.verify(ask(name), signal);
    return verdict.outcome === 'admitted' ? 'admitted' : verdict.code;
  };
  return { local, configuration, crashes, verify, started: () => started };
}

test('an answer comes from a thread, and the next one from the same', async () => {
  const { verify, crashes, started } = world();
  expect(await verify('fine')).toBe('CNS-1003');
  expect(await verify('fine')).toBe('CNS-1003');
  expect([crashes, started()]).toEqual([[], 1]);
});

test('T02: what one thread has seen of trust data, the next one knows', async () => {
  const { local, started } = world();
  await local.verify(ask('remember'), soon());
  local.renew();
  await expect(local.verify(ask('recall'), soon())).resolves.toMatchObject({
    message: '{"epoch":0,"roles":[["targets@k",7]]}',
  });
  expect(started()).toBe(2);
});

test('I6: a thread has nothing of the gateway’s environment', async () => {
  const { local } = world();
  await expect(local.verify(ask('environment'), soon())).resolves.toMatchObject({ message: '{}' });
});

describe('F22 an image that ends its thread', { tags: ['thorough'] }, () => {
  test.for([
    { name: 'by ending the process', image: 'exit' },
    { name: 'by an exception', image: 'throw' },
    { name: 'I7 by eating its heap', image: 'eat' },
    { name: 'S18 by keeping it busy for ever', image: 'spin' },
  ])('$name is undecided; its neighbours get their verdicts and the gateway lives', async ({ image }) => {
    const { verify, crashes } = world({ heapMib: 24, hangMs: 300 });
    await verify('fine');
    const all = await Promise.all([verify('slow-1'), verify(image), verify('slow-2'), verify('fine')]);
    expect(all).toEqual(['CNS-1003', 'CNS-3002', 'CNS-1003', 'CNS-1003']);
    expect(crashes).toHaveLength(2);
    expect(await verify('fine')).toBe('CNS-1003');
  });

  test('alone three times is quarantined, and starts no more threads', async () => {
    const { verify, started, crashes } = world();
    // Once with others, which does not count, then alone.
    expect(await verify('exit')).toBe('CNS-3002');
    expect(await verify('exit')).toBe('CNS-3002');
    expect(await verify('exit')).toBe('CNS-2008');
    const before = started();
    expect(await verify('exit')).toBe('CNS-2008');
    expect(started()).toBe(before);
    expect(crashes).toHaveLength(4);
    expect(await verify('fine')).toBe('CNS-1003');
  });

  test('is the only one that is suspected: a neighbour that answers alone is free again', async () => {
    const { verify, started } = world();
    await Promise.all([verify('slow'), verify('exit')]);
    const before = started();
    await verify('slow');
    await verify('fine');
    // Both in the one shared thread.
    expect(started() - before).toBeLessThanOrEqual(1);
  });
});

test('a verdict that is none is no verdict', async () => {
  const { verify } = world();
  expect(await verify('nonsense')).toBe('CNS-3002');
});

test('I8: who waits too long gets its answer, and the thread is none the worse', async () => {
  const { verify } = world();
  await verify('fine');
  expect(await verify('mute', AbortSignal.timeout(50))).toBe('CNS-2006');
  expect(await verify('fine')).toBe('CNS-1003');
});

describe('a new configuration', { tags: ['thorough'] }, () => {
  test('F28: what is pending is answered by the old thread, what comes next by a new one', async () => {
    const { local, configuration } = world();
    await local.verify(ask('fine'), soon());
    const pending = local.verify(ask('slow'), soon());
    await sleep(20);
    configuration.text = 'second';
    local.renew();
    const next = local.verify(ask('fine'), soon());
    const messageOf = (verdict: Verdict): unknown => ('message' in verdict ? verdict.message : undefined);
    expect([messageOf(await pending), messageOf(await next)]).toEqual(['first', 'second']);
  });

  test('F27: a hundred of them leave no threads behind and no question open', async () => {
    const { local, verify, crashes, started } = world();
    const answers: Promise<string>[] = [];
    for (let n = 0; n < 100; n += 1) {
      if (n % 25 === 0) answers.push(verify('fine'));
      local.renew();
      local.renew();
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['CNS-1003']));
    expect(crashes).toEqual([]);
    expect(started()).toBeLessThanOrEqual(8);
  });

  test('that no thread can start with is undecided, blames no image, and rests before the next try', async () => {
    const { verify, local, configuration, started, crashes } = world({ restMs: 60_000 });
    configuration.text = 'broken';
    for (let n = 0; n < 5; n += 1) expect(await verify('fine')).toBe('CNS-3002');
    expect(started()).toBe(1);
    expect(crashes).toHaveLength(1);
    configuration.text = 'mended';
    local.renew();
    expect(await verify('fine')).toBe('CNS-1003');
  });
});

test('the end settles everything, and nothing begins after it', async () => {
  const { local, verify, crashes } = world();
  await verify('fine');
  const pending = verify('mute');
  await sleep(20);
  await local.close();
  expect(await pending).toBe('CNS-3002');
  expect(await verify('fine')).toBe('CNS-3002');
  expect(crashes).toEqual([]);
});

test('S17: beyond the places and the queue an answer comes at once', async () => {
  const { local } = world();
  const stop = new AbortController();
  const waiting = Array.from(
    { length: 300 },
    async (_, n) => await local.verify(ask(`mute-${n}`), stop.signal),
  );
  const refused = await Promise.race(waiting);
  expect(refused).toMatchObject({ outcome: 'undecided', code: 'CNS-3002' });
  stop.abort();
  await Promise.all(waiting);
});

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { setImmediate as settle } from 'node:timers/promises';

import { expect, test } from 'vitest';

import type { VerificationReply } from '#contracts';

import { HostQueue } from './host-queue.js';
import type { Work } from './work.js';

function workOn(image: string, deadline = 1000): Work {
  return {
    request: {
      v: 1,
      cluster: 'c',
      nonce: 'ab'.repeat(16),
      gateway: 'g',
      image,
      rule: 'b'.repeat(64),
      revision: 'c'.repeat(64),
      budgetMs: 1000,
      attempt: 0,
    },
    subject: image,
    entry: { id: image, fields: [] },
    deadline,
  };
}

/** What a verification says of this image: a verdict, or that its registry did not answer in time. */
function replyOf({ request }: Work, isAnswered: boolean): VerificationReply {
  const common = { evidence: [], tookMs: 1 };
  const { v, cluster, nonce, image, rule, revision } = request;
  return {
    kind: 'verdict',
    v,
    cluster,
    nonce,
    image,
    rule,
    revision,
    verifier: 'v',
    verdict: isAnswered
      ? { outcome: 'refused', code: 'CNS-1003', message: 'has none', ...common }
      : { outcome: 'undecided', code: 'CNS-2006', message: 'not in time', ...common },
  };
}

/** Work on `hangs…/…` runs until it is let go, other work ends by itself. */
function world(slots = 32) {
  const state = { now: 0, isHeld: false, isAnswering: false, running: 0, most: 0 };
  const [begun, ended, dropped]: [string[], string[], string[]] = [[], [], []];
  const hung: (() => void)[] = [];
  const queue = new HostQueue({
    slots,
    taken: () => state.running,
    isHeld: () => state.isHeld,
    isPast: ({ deadline }) => state.now >= deadline,
    now: () => state.now,
    run: async (work) => {
      const { image } = work.request;
      begun.push(image);
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      const hangs = image.startsWith('hangs') && !state.isAnswering;
      if (hangs) await new Promise<void>((resolve) => hung.push(resolve));
      else await settle();
      queue.learn(replyOf(work, !hangs));
      state.running -= 1;
      ended.push(image);
    },
    drop: async ({ request: { image } }) => void (await Promise.resolve(dropped.push(image))),
  });
  const add = (host: string, count: number): string[] => {
    const images = Array.from({ length: count }, (_, n) => `${host}/a:${n}`);
    for (const image of images) queue.add(workOn(image));
    return images;
  };
  const idle = async (): Promise<void> => {
    for (let n = 0; n < 100; n += 1) await settle();
  };
  return { queue, state, begun, ended, dropped, hung, add, idle };
}

test('a registry that hangs has two of 32 places, and another one is answered at once', async () => {
  const { queue, state, ended, add, idle } = world();
  add('hangs', 64);
  expect([state.running, queue.size, queue.works.length]).toEqual([2, 62, 62]);
  const fine = add('fine', 5);
  expect(state.running).toBe(4);
  await idle();
  expect(ended).toEqual(fine);
});

test('what waits for a registry that hangs is dropped at its deadline', async () => {
  const { queue, state, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 20);
  state.now = 999;
  queue.refresh();
  expect(dropped).toEqual([]);
  state.now = 1000;
  queue.refresh();
  expect([dropped, queue.size]).toEqual([images.slice(2), 0]);
  hung.forEach((letGo) => letGo());
  await idle();
  expect(begun).toHaveLength(2);
});

test('what is past its deadline when its turn comes is dropped, not begun', async () => {
  const { queue, state, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 10);
  state.now = 1000;
  hung.forEach((letGo) => letGo());
  await idle();
  expect([begun.length, dropped, queue.size]).toEqual([2, images.slice(2), 0]);
});

test('many images of one healthy registry are all answered, in order', async () => {
  const { queue, state, begun, ended, add, idle } = world();
  const images = add('fine', 200);
  await idle();
  expect([begun, ended.length, queue.size, state.most]).toEqual([images, 200, 0, 8]);
});

test('all registries together have no more than all places, and take turns', async () => {
  const { state, begun, ended, add, idle } = world(4);
  add('hangs', 3);
  for (const host of ['a', 'b', 'c', 'd', 'e']) add(host, 10);
  await idle();
  expect([state.most, ended.length]).toEqual([4, 50]);
  const firsts = ['a', 'b', 'c', 'd', 'e'].map((host) => begun.indexOf(`${host}/a:0`));
  expect(Math.max(...firsts)).toBeLessThan(12);
});

test('one place is enough for all', async () => {
  const { ended, add, idle } = world(1);
  add('a', 3);
  add('b', 3);
  await idle();
  expect(ended).toHaveLength(6);
});

test('while another needs quiet what waits goes on waiting', async () => {
  const { queue, state, begun, hung, add, idle } = world();
  add('hangs', 3);
  state.isHeld = true;
  hung.forEach((letGo) => letGo());
  await idle();
  expect([begun.length, queue.size]).toEqual([2, 1]);
  state.isHeld = false;
  queue.pump();
  expect([begun.length, queue.size]).toEqual([3, 0]);
});

test('after the end what waits stays, for others to take over', async () => {
  const { queue, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 3);
  queue.close();
  hung.forEach((letGo) => letGo());
  await idle();
  queue.pump();
  expect([begun.length, dropped]).toEqual([2, []]);
  expect(queue.works.map(({ request }) => request.image)).toEqual(images.slice(2));
});

const HOSTS = ['1', '2', '3', '4', '5', '6'];

test('six registries that hang leave places for one that nobody has asked before', async () => {
  const { state, ended, add, idle } = world();
  for (const host of HOSTS) add(`hangs${host}`, 40);
  expect(state.running).toBe(12);
  const fine = add('fine', 5);
  await idle();
  expect(ended).toEqual(fine);
});

test('a dozen of them leave half of the places to those that answered lately', async () => {
  const { state, ended, add, idle } = world();
  add('fine', 1);
  await idle();
  for (let host = 0; host < 12; host += 1) add(`hangs${host}`, 40);
  expect(state.running).toBe(16);
  add('fine', 20);
  expect(state.running).toBe(24);
  await idle();
  expect(ended).toHaveLength(21);
});

test('six registries that answered before and hang now leave places for others', async () => {
  const { state, ended, add, idle } = world();
  state.isAnswering = true;
  for (const host of HOSTS) add(`hangs${host}`, 1);
  await idle();
  state.isAnswering = false;
  for (const host of HOSTS) add(`hangs${host}`, 40);
  expect(state.running).toBe(30);
  const fine = add('fine', 1);
  await idle();
  expect(ended.slice(-1)).toEqual(fine);
});

test('what was withdrawn while it waited is not begun, and is not dropped in Redis again', async () => {
  const { queue, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 4);
  expect(queue.withdraw(new Set([images[0] ?? '', images[2] ?? '', 'unknown']))).toBe(1);
  hung.forEach((letGo) => letGo());
  await idle();
  hung.forEach((letGo) => letGo());
  await idle();
  expect([begun, dropped, queue.size]).toEqual([[images[0], images[1], images[3]], [], 0]);
});

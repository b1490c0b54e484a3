import { setImmediate as settle } from 'node:timers/promises';

import { expect, test } from 'vitest';

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

/** Work on `hangs/…` runs until it is let go, other work ends by itself. */
function world(slots = 32) {
  const state = { now: 0, isHeld: false, running: 0, most: 0 };
  const [begun, ended, dropped]: [string[], string[], string[]] = [[], [], []];
  const hung: (() => void)[] = [];
  const queue = new HostQueue({
    slots,
    taken: () => state.running,
    isHeld: () => state.isHeld,
    isPast: ({ deadline }) => state.now >= deadline,
    run: async ({ request: { image } }) => {
      begun.push(image);
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      if (image.startsWith('hangs/')) await new Promise<void>((resolve) => hung.push(resolve));
      else await settle();
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

test('a registry that hangs has a quarter of the places, and another one is answered at once', async () => {
  const { queue, state, ended, add, idle } = world();
  add('hangs', 64);
  expect([state.running, queue.size, queue.works.length]).toEqual([8, 56, 56]);
  const fine = add('fine', 5);
  expect(state.running).toBe(13);
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
  expect([dropped, queue.size]).toEqual([images.slice(8), 0]);
  hung.forEach((letGo) => letGo());
  await idle();
  expect(begun).toHaveLength(8);
});

test('what is past its deadline when its turn comes is dropped, not begun', async () => {
  const { queue, state, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 10);
  state.now = 1000;
  hung.forEach((letGo) => letGo());
  await idle();
  expect([begun.length, dropped, queue.size]).toEqual([8, images.slice(8), 0]);
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
  expect(Math.max(...firsts)).toBeLessThan(10);
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
  add('hangs', 9);
  state.isHeld = true;
  hung.forEach((letGo) => letGo());
  await idle();
  expect([begun.length, queue.size]).toEqual([8, 1]);
  state.isHeld = false;
  queue.pump();
  expect([begun.length, queue.size]).toEqual([9, 0]);
});

test('after the end what waits stays, for others to take over', async () => {
  const { queue, begun, dropped, hung, add, idle } = world();
  const images = add('hangs', 9);
  queue.close();
  hung.forEach((letGo) => letGo());
  await idle();
  queue.pump();
  expect([begun.length, dropped]).toEqual([8, []]);
  expect(queue.works.map(({ request }) => request.image)).toEqual(images.slice(8));
});

import { expect, test } from 'vitest';

import { HostPlaces } from './host-places.js';

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal) => async (): Promise<never> =>
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

test('a registry that answered and hangs has a quarter of the places, and another one is answered at once', async () => {
  const places = new HostPlaces(16, 256);
  await places.run('hangs.example', async () => 1, never);
  const flood = new AbortController();
  let running = 0;
  const hung = Array.from({ length: 64 }, async () => {
    const hang = async (): Promise<never> => {
      running += 1;
      return await untilAborted(flood.signal)();
    };
    return await places.run('hangs.example', hang, flood.signal);
  });
  await expect(places.run('fine.example', async () => 1, AbortSignal.timeout(500))).resolves.toBe(1);
  expect([running, places.hosts]).toEqual([4, 1]);
  flood.abort();
  const ends = await Promise.allSettled(hung);
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect([running, places.hosts]).toEqual([4, 0]);
});

test('many images of one healthy registry are all answered, in order', async () => {
  const places = new HostPlaces(16, 256);
  const order: number[] = [];
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  const work = async (n: number): Promise<number> => await Promise.resolve(order.push(n));
  await Promise.all(
    numbers.map(async (n) => await places.run('h.example', async () => await work(n), never)),
  );
  expect([order, places.hosts]).toEqual([numbers, 0]);
});

test('many registries that hang, even such as answered before, leave places for others', async () => {
  const places = new HostPlaces(16, 256);
  const flood = new AbortController();
  const running = new Map<string, number>();
  const hang = (host: string) => async (): Promise<never> => {
    running.set(host, (running.get(host) ?? 0) + 1);
    return await untilAborted(flood.signal)();
  };
  const good = ['good-0', 'good-1', 'good-2', 'good-3', 'good-4', 'good-5'];
  for (const host of good) await places.run(host, async () => 1, never);
  const hosts = [...good, ...Array.from({ length: 20 }, (_, n) => `new-${n}`)];
  const hung = hosts.flatMap((host) =>
    Array.from({ length: 20 }, async () => await places.run(host, hang(host), flood.signal)),
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  const taken = [...running.values()].reduce((sum, count) => sum + count, 0);
  expect(taken).toBeLessThanOrEqual(16);
  expect(running.get('good-0')).toBe(4);
  flood.abort();
  await Promise.allSettled(hung);
  expect(places.hosts).toBe(0);
});

test('six registries that hang take one place each, and one that is asked for the first time begins at once', async () => {
  const places = new HostPlaces(16, 256);
  const flood = new AbortController();
  let running = 0;
  const hung = Array.from({ length: 60 }, async (_, n) => {
    const hang = async (): Promise<never> => {
      running += 1;
      return await untilAborted(flood.signal)();
    };
    return await places.run(`hangs-${n % 6}.example`, hang, flood.signal);
  });
  await expect(places.run('fine.example', async () => 1, AbortSignal.timeout(500))).resolves.toBe(1);
  expect(running).toBe(6);
  flood.abort();
  await Promise.allSettled(hung);
  expect(places.hosts).toBe(0);
});

test.for([
  { name: 'hung: a foothold again', said: 'hung' as const, running: 1 },
  { name: 'a crash says nothing of it: its quarter stays', said: undefined, running: 4 },
  { name: 'answered', said: 'answered' as const, running: 4 },
])('a registry whose last look came to: $name', async ({ said, running }) => {
  const places = new HostPlaces(16, 256);
  await places.run('h.example', async () => 1, never);
  await places.run(
    'h.example',
    async () => 1,
    never,
    () => said,
  );
  const stop = new AbortController();
  let most = 0;
  const taken = Array.from({ length: 8 }, async () => {
    const hang = async (): Promise<never> => {
      most += 1;
      return await untilAborted(stop.signal)();
    };
    return await places.run('h.example', hang, stop.signal);
  });
  await Promise.resolve();
  expect(most).toBe(running);
  stop.abort();
  await Promise.allSettled(taken);
});

test('an answer speaks for its registry for half a minute', async () => {
  let now = 0;
  const places = new HostPlaces(16, 256, () => now);
  await places.run('h.example', async () => 1, never);
  now = 30_001;
  const stop = new AbortController();
  let running = 0;
  const taken = [1, 2].map(async () => {
    const hang = async (): Promise<never> => {
      running += 1;
      return await untilAborted(stop.signal)();
    };
    return await places.run('h.example', hang, stop.signal);
  });
  await Promise.resolve();
  expect(running).toBe(1);
  stop.abort();
  await Promise.allSettled(taken);
});

test('all registries together have no more than all places', async () => {
  const places = new HostPlaces(4, 256);
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => await places.run(`h${n}.example`, async () => n, never)),
  );
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
  };
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => await places.run(`h${n}.example`, work, never)),
  );
  expect([most, places.hosts]).toEqual([4, 0]);
});

test('S17: one host’s full queue says so at once, and only to that host; no host is remembered for it', async () => {
  const places = new HostPlaces(4, 1);
  const stop = new AbortController();
  const hang = untilAborted(stop.signal);
  const taken = [1, 2].map(async () => await places.run('h.example', hang, stop.signal));
  await expect(places.run('h.example', hang, never)).rejects.toMatchObject({ code: 'CNS-3002' });
  await expect(places.run('other.example', async () => 1, never)).resolves.toBe(1);
  await expect(places.run('gone.example', hang, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(places.hosts).toBe(1);
  stop.abort();
  await Promise.allSettled(taken);
});

test('who has little patience is told soon that a registry that hangs has no place; with one it begins', async () => {
  const places = new HostPlaces(16, 256);
  const flood = new AbortController();
  const hung = places.run('hangs.example', untilAborted(flood.signal), flood.signal);
  const impatient = async (host: string): Promise<number> =>
    await places.run(host, async () => 1, never, undefined, 5);
  await expect(impatient('hangs.example')).rejects.toMatchObject({ code: 'CNS-3002' });
  await expect(impatient('fine.example')).resolves.toBe(1);
  flood.abort(new Error('over'));
  await expect(hung).rejects.toThrow('over');
  await expect(impatient('hangs.example')).resolves.toBe(1);
});

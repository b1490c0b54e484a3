import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { retryDelay } from './create-redis.js';
import { RedisSetupError } from './error.js';
import { uniqueName } from './names.js';
import { parseRedisUrl } from './redis-address.js';
import { RedisClock, timeOfEntry } from './redis-clock.js';
import { readRedisSettings } from './redis-settings.js';
import { claimCursor, claimedEntries, toFields, toReadEntries, whole } from './replies.js';

const node = (host: string, port: number) => ({ host, port });

test.for([
  {
    url: 'redis://redis',
    expected: { kind: 'single', tls: false, nodes: [node('redis', 6379)], database: 0 },
  },
  { url: 'redis://redis:6380/3', expected: { kind: 'single', nodes: [node('redis', 6380)], database: 3 } },
  { url: 'rediss://u:p%40ss@redis.example', expected: { tls: true, username: 'u', password: 'p@ss' } },
  { url: 'redis://:secret@h', expected: { username: undefined, password: 'secret' } },
  { url: 'redis://[::1]:7000', expected: { nodes: [node('::1', 7000)] } },
  { url: 'unix:///run/redis.sock', expected: { kind: 'socket', path: '/run/redis.sock' } },
  { url: '/run/redis.sock', expected: { kind: 'socket', path: '/run/redis.sock' } },
  {
    url: 'redis+sentinel://a,b:26380/main/2',
    expected: { kind: 'sentinel', nodes: [node('a', 26379), node('b', 26380)], master: 'main', database: 2 },
  },
  {
    url: 'rediss+cluster://a:7000,b:7001',
    expected: { kind: 'cluster', tls: true, nodes: [node('a', 7000), node('b', 7001)] },
  },
])('$url', ({ url, expected }) => {
  expect(parseRedisUrl(url)).toMatchObject(expected);
});

test.for([
  { name: 'nothing', url: '' },
  { name: 'another scheme', url: 'http://redis' },
  { name: 'no host', url: 'redis://' },
  { name: 'two hosts without a topology', url: 'redis://a,b' },
  { name: 'a port that is none', url: 'redis://a:70000' },
  { name: 'a database that is none', url: 'redis://a/x' },
  { name: 'sentinels without a master', url: 'redis+sentinel://a' },
  { name: 'a cluster with databases', url: 'redis+cluster://a/1' },
  { name: 'a broken escape', url: 'redis://u:%zz@a' },
  { name: 'a path for a socket that is none', url: 'unix://relative' },
  { name: 'a query', url: 'redis://a/0?x=1' },
  { name: 'a url without end', url: `redis://${'a'.repeat(5000)}` },
])('$name is refused, and not quoted', ({ url }) => {
  expect(() => parseRedisUrl(url)).toThrow(RedisSetupError);
  if (url.length > 10) expect(() => parseRedisUrl(url)).not.toThrow(url);
});

test.for([
  { name: 'nothing', environment: {}, expected: undefined },
  { name: 'a URL', environment: { REDIS_URL: 'redis://a' }, expected: { url: 'redis://a' } },
  {
    name: 'Connaisseur’s variables: TLS',
    environment: { REDIS_HOST: 'redis', REDIS_PASSWORD: 'p' },
    expected: { url: 'rediss://redis', password: 'p' },
  },
  {
    name: 'the URL goes first',
    environment: { REDIS_URL: 'redis://a', REDIS_HOST: 'b' },
    expected: { url: 'redis://a' },
  },
])('environment with $name', ({ environment, expected }) => {
  expect(readRedisSettings(environment, undefined)).toEqual(expected);
});

test('an environment that names no Redis properly is refused', () => {
  expect(() => readRedisSettings({ REDIS_URL: 'x' }, undefined)).toThrow(RedisSetupError);
  expect(() => readRedisSettings({ REDIS_HOST: 'a/b' }, undefined)).toThrow(RedisSetupError);
  expect(readRedisSettings({ REDIS_HOST: 'a' }, 'PEM')).toEqual({ url: 'rediss://a', ca: 'PEM' });
});

test('connecting again is quick at first, and never waits longer than 500 ms', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, random) => {
        const delay = retryDelay(attempt, () => random);
        expect(delay).toBeGreaterThanOrEqual(50);
        expect(delay).toBeLessThan(attempt <= 60 ? 75 : 500);
      },
    ),
  );
});

describe('answers of Redis', () => {
  const entries = [
    ['1-0', ['a', 'b']],
    ['2-0', null],
  ];

  test.for([
    { name: 'RESP 2', answer: [['stream', entries]] },
    { name: 'RESP 3', answer: ['stream', entries] },
  ])('XREADGROUP in $name', ({ answer }) => {
    expect(whole(toReadEntries(answer))).toEqual([{ id: '1-0', fields: ['a', 'b'] }]);
  });

  test('what has another shape is nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        expect(Array.isArray(toReadEntries(answer))).toBe(true);
        expect(Array.isArray(claimedEntries(answer))).toBe(true);
        expect(toFields(answer)).toBeInstanceOf(Map);
        expect(typeof claimCursor(answer)).toBe('string');
      }),
    );
  });

  test('of an entry with more fields than ours have, no more are read', () => {
    const fields = Array.from({ length: 1000 }, String);
    expect(whole(toReadEntries(['stream', [['1-0', fields]]]))[0]?.fields).toHaveLength(64);
  });

  test('XAUTOCLAIM and XINFO', () => {
    expect(claimedEntries(['5-0', entries, ['3-0']])).toEqual([{ id: '1-0', fields: ['a', 'b'] }]);
    expect(claimCursor(['5-0', entries, []])).toBe('5-0');
    expect([...toFields(['run', 'mark', 'odd'])]).toEqual([['run', 'mark']]);
  });
});

describe('Redis’ clock', () => {
  test('goes on by the monotonic one, and takes no answer that was long under way', () => {
    let now = 1000;
    const clock = new RedisClock({ now: () => now, after: () => () => undefined });
    expect(clock.isSet).toBe(false);
    clock.set(['1700000000', '500000'], 990);
    expect(clock.now()).toBe(1_700_000_000_505);
    now = 3000;
    expect(clock.now()).toBe(1_700_000_002_505);
    clock.set(['1700009999', '0'], 1000);
    expect(clock.now()).toBe(1_700_000_002_505);
    clock.set('nonsense', 2999);
    clock.set(['x', 'y'], 2999);
    expect(clock.now()).toBe(1_700_000_002_505);
  });

  test.for([
    { id: '1700000000000-3', time: 1_700_000_000_000 },
    { id: '0-1', time: 0 },
    { id: 'x', time: Number.NaN },
    { id: '-1-1', time: Number.NaN },
    { id: '12345678901234567890-1', time: Number.NaN },
  ])('the entry $id was written at $time', ({ id, time }) => {
    expect(timeOfEntry(id)).toBe(time);
  });
});

test('names for keys are safe and new at each start', () => {
  const name = uniqueName('pod/{a}:b', () => new Uint8Array([1, 2, 3, 4]));
  expect(name).toBe('pod--a--b-01020304');
  expect(uniqueName('x'.repeat(300), () => new Uint8Array(4)).length).toBeLessThanOrEqual(110);
});

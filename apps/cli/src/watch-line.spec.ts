import { expect, test } from 'vitest';

import { watchLine } from './watch-line.js';

test.for([
  { name: 'a socket', redisUrl: 'unix:///tmp/r.sock', shown: 'unix:///tmp/r.sock' },
  { name: 'a host', redisUrl: 'redis://cache:6379/1', shown: 'redis://cache:6379/1' },
  { name: 'a password', redisUrl: 'rediss://:canary@cache:6379', shown: 'rediss://***@cache:6379' },
  { name: 'a user and a password', redisUrl: 'redis://me:canary@cache', shown: 'redis://***@cache' },
])('the line to watch with: $name', ({ redisUrl, shown }) => {
  const line = watchLine({ redisUrl, keysDirectory: '/k', cluster: 'c' });
  expect(line).toMatch(/^\S+ watch --redis-url \S+ --keys \/k --cluster-id c$/);
  expect(line).toContain(` ${shown} `);
  expect(line).not.toContain('canary');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { clusterIdentity } from './cluster-identity.js';
import { redisSettings } from './redis-settings.js';
import { drainMilliseconds } from './service-settings.js';
import { UsageError } from './usage-error.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'redis-url-'));
  writeFileSync(join(directory, 'url'), 'rediss://gateway:p@redis:6379\n');
  writeFileSync(join(directory, 'ca.crt'), 'the CA');
  writeFileSync(join(directory, 'empty'), '\n');
  writeFileSync(join(directory, 'cluster-id'), '0f8b3c1e-1111\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a URL from a file comes with the CA beside it', () => {
  expect(redisSettings({ redisUrlFile: join(directory, 'url') })).toEqual({
    url: 'rediss://gateway:p@redis:6379',
    ca: 'the CA',
  });
});

test('the flag goes before the file', () => {
  const options = { redisUrl: 'redis://other:6379', redisUrlFile: join(directory, 'url') };
  expect(redisSettings(options)).toEqual({ url: 'redis://other:6379' });
});

test.for([
  { name: 'a file that is not there', file: 'absent' },
  { name: 'an empty file', file: 'empty' },
])('$name is said, and nothing else is used instead', ({ file }) => {
  expect(() => redisSettings({ redisUrlFile: join(directory, file) })).toThrow(UsageError);
});

test('a cluster is what is given, else what lies beside the keys, else "default"', () => {
  expect(clusterIdentity('here', directory)).toBe('here');
  expect(clusterIdentity(undefined, directory)).toBe('0f8b3c1e-1111');
  expect(clusterIdentity(undefined, join(directory, 'absent'))).toBe('default');
  expect(() => clusterIdentity('two words', directory)).toThrow(UsageError);
});

test.for([
  { name: 'none', text: '0', ms: 0 },
  { name: 'seconds', text: '5', ms: 5000 },
  { name: 'the longest', text: '15', ms: 15_000 },
])('a drain of $name', ({ text, ms }) => {
  expect(drainMilliseconds(text)).toBe(ms);
});

test.for(['', '-1', '1.5', '16', '5s', '1e2', ' 5'])('%j is no drain', (text) => {
  expect(() => drainMilliseconds(text)).toThrow(UsageError);
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { MOUNTED_PATHS, type ReadFile, readConfigurationSource } from './configuration-source.js';
import { ConfigurationError } from './finding.js';
import { readFileBounded } from './node-files.js';

/** A file system of a few files. */
function filesOf(files: Readonly<Record<string, string | Uint8Array>>): ReadFile {
  return (path) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return typeof content === 'string' ? Buffer.from(content) : content;
  };
}

test('one file that somebody names', () => {
  expect(readConfigurationSource({ policy: 'v.yaml' }, filesOf({ 'v.yaml': 'a: 1' }))).toMatchObject({
    file: { name: 'v.yaml', text: 'a: 1' },
  });
});

test('the mounted documents, with and without alerts', () => {
  const files = { [MOUNTED_PATHS.config]: 'a: 1', [MOUNTED_PATHS.alerts]: 'b: 2' };
  expect(readConfigurationSource(MOUNTED_PATHS, filesOf(files)).alerts).toEqual({
    name: '/app/alerts/config.yaml',
    text: 'b: 2',
  });
  const without = readConfigurationSource(MOUNTED_PATHS, filesOf({ [MOUNTED_PATHS.config]: 'a: 1' }));
  expect(without).not.toHaveProperty('alerts');
});

test('of the environment, only what is read here', () => {
  const environment = { DETECTION_MODE: 'true', REDIS_PASSWORD: 'hunter2', PATH: '/bin' };
  const source = readConfigurationSource({ policy: 'v' }, filesOf({ v: 'a: 1' }), environment);
  expect(source.environment).toMatchObject({ DETECTION_MODE: 'true' });
  expect(JSON.stringify(source)).not.toContain('hunter2');
});

test.for([
  { name: 'a missing file', files: {}, code: 'missing-file' },
  { name: 'a file above 1 MiB', files: { v: Buffer.alloc(1_048_577) }, code: 'too-large' },
  { name: 'a file that is not UTF-8', files: { v: Buffer.from([0x61, 0xff]) }, code: 'unreadable-file' },
])('$name', ({ files, code }) => {
  expect(() => readConfigurationSource({ policy: 'v' }, filesOf(files))).toThrow(
    expect.objectContaining({
      findings: [expect.objectContaining({ severity: 'error', code, file: 'v', line: 0 })],
    }),
  );
});

describe('Node’s file system', () => {
  const directory = mkdtempSync(join(tmpdir(), 'config-source-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('reads a file, and no more than the limit and one byte', () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'abcdef');
    expect(Buffer.from(readFileBounded(path, 10)).toString()).toBe('abcdef');
    expect(readFileBounded(path, 3)).toHaveLength(4);
  });

  test('a directory is no configuration', () => {
    expect(() => readConfigurationSource({ policy: directory }, readFileBounded)).toThrow(ConfigurationError);
  });

  test('a pipe without a writer does not hold the process up', () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(() => readConfigurationSource({ policy: path }, readFileBounded)).toThrow(ConfigurationError);
  });
});

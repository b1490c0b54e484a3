// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import {
  type ConfigurationEvent,
  ConfigurationWatch,
  type ConfigurationWatchOptions,
} from './configuration-watch.js';
import { ConfigurationError } from './finding.js';
import { readFileBounded, watchDirectory } from './node-files.js';

const values = (pattern: string): string =>
  `validators:\n  - {name: default, type: static}\npolicy:\n  - pattern: ${JSON.stringify(pattern)}\n`;
const ALERTS = 'clusterIdentifier: c\n';
const A = values('a.example/*:*');
const B = values('b.example/*:*');
const BROKEN = A.replace('policy', 'polcy');

const patternsOf = (watch: ConfigurationWatch): string[] =>
  watch.current.policy.map(({ pattern }) => pattern);

/** A mounted ConfigMap as the kubelet keeps it: files are links into `..data`, which is swapped in one step. */
class MountedConfigMap {
  readonly directory: string;
  readonly path: string;
  #generation = 0;

  constructor(parent: string, text: string) {
    this.directory = join(parent, 'mount');
    this.path = join(this.directory, 'config.yaml');
    mkdirSync(this.directory);
    this.swap(text);
    symlinkSync('..data/config.yaml', this.path);
  }

  swap(text: string | undefined): void {
    this.#generation += 1;
    const generation = `..g${this.#generation}`;
    mkdirSync(join(this.directory, generation));
    if (text !== undefined) writeFileSync(join(this.directory, generation, 'config.yaml'), text);
    symlinkSync(generation, join(this.directory, '..data_tmp'));
    renameSync(join(this.directory, '..data_tmp'), join(this.directory, '..data'));
  }
}

let directory: string;
let watch: ConfigurationWatch | undefined;
let events: ConfigurationEvent[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-watch-'));
  events = [];
});
afterEach(() => {
  watch?.close();
  watch = undefined;
  rmSync(directory, { recursive: true });
});

function start(
  options: Pick<ConfigurationWatchOptions, 'paths'> & Partial<ConfigurationWatchOptions>,
): ConfigurationWatch {
  watch = new ConfigurationWatch({ readFile: readFileBounded, watchDirectory, debounceMs: 15, ...options });
  watch.subscribe((event) => events.push(event));
  return watch;
}

/** The machine may be busy: a late event is no failure, a missing one is. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 4000, interval: 10 });
const kinds = (): string[] => events.map(({ kind }) => kind);

describe('F27, P14: a mounted ConfigMap', () => {
  test('a swap of the link is a new configuration', async () => {
    const mount = new MountedConfigMap(directory, A);
    const watched = start({ paths: { policy: mount.path } });
    const first = watched.current;
    mount.swap(B);
    await eventually(() => expect(kinds()).toEqual(['loaded']));
    expect(patternsOf(watched)).toEqual(['b.example/*:*']);
    expect(watched.current.revision).not.toBe(first.revision);
    expect(watched.source.file.text).toBe(B);
    expect(first.policy[0]?.pattern).toBe('a.example/*:*');
  });

  test.for([
    { name: 'an unknown key', text: BROKEN, code: 'unknown-key' },
    { name: 'broken YAML', text: `${A}  - [`, code: 'yaml' },
    { name: 'an empty file', text: '', code: 'empty-file' },
    { name: 'a policy that is cut off', text: A.slice(0, A.indexOf('  - pattern')), code: 'required' },
    { name: 'no file', text: undefined, code: 'missing-file' },
  ])('$name keeps the last good one, and says so', async ({ text, code }) => {
    const mount = new MountedConfigMap(directory, A);
    const watched = start({ paths: { policy: mount.path } });
    const first = watched.current;
    mount.swap(text);
    await eventually(() => expect(kinds()).toEqual(['failed']));
    expect(watched.current).toBe(first);
    const [event] = events;
    expect(event?.kind === 'failed' ? event.error.findings.map((finding) => finding.code) : []).toContain(
      code,
    );

    mount.swap(B);
    await eventually(() => expect(kinds()).toEqual(['failed', 'loaded']));
    expect(patternsOf(watched)).toEqual(['b.example/*:*']);
  });

  test('back to the good one after a bad one is news, too', async () => {
    const mount = new MountedConfigMap(directory, A);
    const watched = start({ paths: { policy: mount.path } });
    mount.swap(BROKEN);
    await eventually(() => expect(kinds()).toEqual(['failed']));
    mount.swap(A);
    await eventually(() => expect(kinds()).toEqual(['failed', 'loaded']));
    expect(patternsOf(watched)).toEqual(['a.example/*:*']);
  });

  test('the same text again is no news', async () => {
    const mount = new MountedConfigMap(directory, A);
    const watched = start({ paths: { policy: mount.path } });
    mount.swap(A);
    await watched.reload();
    await sleep(60);
    expect(events).toEqual([]);
  });

  test('100 swaps in a row end with the last one, and none was mixed', { tags: ['thorough'] }, async () => {
    const mount = new MountedConfigMap(directory, A);
    const watched = start({ paths: { policy: mount.path } });
    for (let turn = 0; turn < 100; turn += 1) {
      mount.swap(turn % 3 === 0 ? BROKEN : values(`r${turn}.example/*:*`));
      if (turn % 10 === 0) await sleep(5);
    }
    mount.swap(B);
    await eventually(() => expect(patternsOf(watched)).toEqual(['b.example/*:*']));
    for (const event of events)
      if (event.kind === 'loaded') expect(event.configuration.policy).toHaveLength(1);
  });
});

describe('a file that is edited in place', () => {
  test('a text that is still being written is not taken', async () => {
    // Each state is a valid policy of its own; only the last one is read twice.
    const two = `${A}  - pattern: "b.example/*:*"\n`;
    const three = `${two}  - pattern: "c.example/*:*"\n`;
    const states = [A, A, two, three];
    const watched = start({
      paths: { policy: 'values.yaml' },
      readFile: () => Buffer.from(states.length > 1 ? (states.shift() ?? '') : three),
      watchDirectory: () => ({ close: () => undefined }),
      debounceMs: 0,
    });
    await watched.reload();
    expect(patternsOf(watched)).toHaveLength(3);
    expect(kinds()).toEqual(['loaded']);
  });

  test('a text that changes at every look is left alone', async () => {
    let looks = 0;
    const watched = start({
      paths: { policy: 'values.yaml' },
      readFile: () => Buffer.from(values(`r${(looks += 1)}.example/*:*`)),
      watchDirectory: () => ({ close: () => undefined }),
      debounceMs: 0,
    });
    await watched.reload();
    expect(patternsOf(watched)).toEqual(['r1.example/*:*']);
    expect(events).toEqual([]);
  });

  test('a save by rename is seen', async () => {
    const path = join(directory, 'values.yaml');
    writeFileSync(path, A);
    const watched = start({ paths: { policy: path } });
    writeFileSync(`${path}~`, B);
    renameSync(`${path}~`, path);
    await eventually(() => expect(patternsOf(watched)).toEqual(['b.example/*:*']));
  });
});

describe('alerts in a document of their own', () => {
  test('new alerts are a new configuration; lost ones keep the last good one', async () => {
    const paths = { config: join(directory, 'config.yaml'), alerts: join(directory, 'alerts.yaml') };
    writeFileSync(paths.config, A);
    const watched = start({ paths });
    expect(watched.current.alerting.clusterIdentifier).toBe('not specified');
    writeFileSync(paths.alerts, ALERTS);
    await eventually(() => expect(watched.current.alerting.clusterIdentifier).toBe('c'));
    unlinkSync(paths.alerts);
    await eventually(() => expect(kinds()).toEqual(['loaded', 'failed']));
    expect(watched.current.alerting.clusterIdentifier).toBe('c');
  });
});

describe('the first load', () => {
  test.for([
    { name: 'a missing file', text: undefined },
    { name: 'an invalid file', text: BROKEN },
  ])('$name throws, and nothing stays watched', ({ text }) => {
    const path = join(directory, 'values.yaml');
    if (text !== undefined) writeFileSync(path, text);
    let open = 0;
    const counting: ConfigurationWatchOptions['watchDirectory'] = () => {
      open += 1;
      return { close: () => void (open -= 1) };
    };
    expect(() => start({ paths: { policy: path }, watchDirectory: counting })).toThrow(ConfigurationError);
    expect(open).toBe(0);
  });
});

describe('without a working watch', () => {
  const noWatch: ConfigurationWatchOptions['watchDirectory'] = () => {
    throw new Error('ENOSPC');
  };

  test('the poll sees the change', { tags: ['thorough'] }, async () => {
    const path = join(directory, 'values.yaml');
    writeFileSync(path, A);
    const watched = start({ paths: { policy: path }, watchDirectory: noWatch, pollMs: 20 });
    writeFileSync(path, B);
    await eventually(() => expect(patternsOf(watched)).toEqual(['b.example/*:*']));
  });

  test('a watch that ends with an error is armed again', async () => {
    const path = join(directory, 'values.yaml');
    writeFileSync(path, A);
    const errors: (() => void)[] = [];
    let closed = 0;
    start({
      paths: { policy: path },
      pollMs: 20,
      watchDirectory: (_directory, _onChange, onError) => {
        errors.push(() => onError(new Error('gone')));
        return { close: () => void (closed += 1) };
      },
    });
    errors[0]?.();
    await eventually(() => expect(errors).toHaveLength(2));
    expect(closed).toBe(1);
  });

  test('reload looks now, and calls at the same time share one look', async () => {
    const path = join(directory, 'values.yaml');
    writeFileSync(path, A);
    const watched = start({ paths: { policy: path }, watchDirectory: noWatch });
    writeFileSync(path, B);
    await Promise.all([watched.reload(), watched.reload()]);
    expect(patternsOf(watched)).toEqual(['b.example/*:*']);
    expect(kinds()).toEqual(['loaded']);
  });
});

test('closed is closed: no events, and a reload resolves', async () => {
  const path = join(directory, 'values.yaml');
  writeFileSync(path, A);
  const watched = start({ paths: { policy: path } });
  writeFileSync(path, B);
  const looking = watched.reload();
  watched.close();
  await looking;
  await watched.reload();
  await sleep(50);
  expect(events).toEqual([]);
  expect(patternsOf(watched)).toEqual(['a.example/*:*']);
});

test('a listener that has gone hears nothing', async () => {
  const path = join(directory, 'values.yaml');
  writeFileSync(path, A);
  const watched = start({ paths: { policy: path } });
  const heard: ConfigurationEvent[] = [];
  watched.subscribe((event) => heard.push(event))();
  writeFileSync(path, B);
  await eventually(() => expect(kinds()).toEqual(['loaded']));
  expect(heard).toEqual([]);
});

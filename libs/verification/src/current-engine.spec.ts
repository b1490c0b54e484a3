import { afterEach, describe, expect, test } from 'vitest';

import { type Configuration, ConfigurationError, type ConfigurationEvent } from '#config';
import { parseImageReference } from '#image-ref';
import { createTransport } from '#registry';

import { configurationOf } from '../test/fake-validator.js';
import { CurrentEngine } from './current-engine.js';
import type { VerificationEngine } from './engine.js';

const IMAGE = parseImageReference('ghcr.io/acme/api:1');
const PATH = '/secrets/team-auth/secret.yaml';
const secret = (username: string): string => `username: ${username}\npassword: p\nregistry: ghcr.io\n`;

let open: CurrentEngine | undefined;
afterEach(() => open?.close());

/** A configuration that tests change, and secrets in memory. */
function world(first = configurationOf({ auth: '    auth: { secretName: team-auth }' })) {
  const files = new Map([[PATH, secret('robot')]]);
  const listeners = new Set<(event: ConfigurationEvent) => void>();
  const engines: VerificationEngine[] = [];
  const failures: unknown[] = [];
  const transport = createTransport();
  const current = new CurrentEngine({
    configuration: {
      current: first,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    transport,
    secretsDirectory: '/secrets',
    dockerConfig: undefined,
    readFile: (path) => files.get(path),
    clock: () => new Date(),
    onFault: () => undefined,
    onEngine: (engine) => engines.push(engine),
    onFailure: (error) => failures.push(error),
  });
  open = current;
  const load = (configuration: Configuration): void => {
    const source = { file: { name: 'x', text: '' } };
    for (const listener of listeners) listener({ kind: 'loaded', configuration, source });
  };
  const fail = (): void => {
    for (const listener of listeners) listener({ kind: 'failed', error: new ConfigurationError([]) });
  };
  return { current, engines, failures, files, load, fail, listeners, first };
}

test('the first engine is told of like any other', () => {
  const { current, engines } = world();
  expect(engines).toEqual([current.engine]);
});

describe('F27 a new configuration', () => {
  test('that is valid takes the place of the old one, whole', () => {
    const { current, engines, load } = world();
    const next = configurationOf({ features: 'features: { detectionMode: true }' });
    load(next);
    expect(current.engine.configuration).toBe(next);
    expect(engines).toHaveLength(2);
  });

  test('that is invalid changes nothing and is told', () => {
    const { current, engines, failures, fail } = world();
    fail();
    expect(engines).toEqual([current.engine]);
    expect(failures).toHaveLength(1);
  });

  test('that our own code fails on changes nothing and is told', () => {
    const { current, first, load, failures } = world();
    const broken = Object.defineProperty({ ...first }, 'policy', {
      get: () => {
        throw new RangeError('ours');
      },
    });
    load(broken);
    expect(current.engine.configuration).toBe(first);
    expect(failures).toEqual([expect.any(RangeError)]);
  });

  test('is not heard of after the end', () => {
    const { current, listeners } = world();
    current.close();
    expect(listeners.size).toBe(0);
  });
});

describe('secrets', () => {
  test('that did not change leave the engine as it is', () => {
    const { current, engines } = world();
    current.lookAtSecrets();
    expect(engines).toHaveLength(1);
  });

  test('that the kubelet swapped give a new engine with another credential scope', () => {
    const { current, engines, files } = world();
    const before = current.engine.trustRevision;
    files.set(PATH, secret('other'));
    current.lookAtSecrets();
    expect(engines).toHaveLength(2);
    expect(current.engine.trustRevision).not.toBe(before);
  });

  test('F27 that are gone take no working rule away', () => {
    const { current, engines, files, failures } = world();
    files.delete(PATH);
    current.lookAtSecrets();
    expect(engines).toHaveLength(1);
    expect(failures).toHaveLength(1);
    expect(current.engine.govern(IMAGE)?.kind).toBe('check');
  });

  test('that come late mend the rule', () => {
    const { current, files, load, first } = world();
    files.delete(PATH);
    load(first);
    expect(current.engine.govern(IMAGE)?.kind).toBe('fault');
    files.set(PATH, secret('robot'));
    current.lookAtSecrets();
    expect(current.engine.govern(IMAGE)?.kind).toBe('check');
  });
});

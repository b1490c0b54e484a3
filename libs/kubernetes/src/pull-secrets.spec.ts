import { expect, test } from 'vitest';

import { KubernetesError, type KubernetesErrorReason } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import { parseObject } from './kubernetes-object.js';
import { PullSecrets } from './pull-secrets.js';

const CANARY = 'canary-93c1';
const { signal } = new AbortController();

function secret(type: string, data: Record<string, string>) {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', uid: 'u', resourceVersion: '7' },
    type,
    data: Object.fromEntries(encoded) as unknown,
  };
}

const GOOD = secret('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': CANARY });

function world(objects: Record<string, unknown>) {
  const state = { now: 0, asked: [] as string[], failures: [] as string[] };
  const get: KubernetesApi['get'] = async ({ kind, namespace, name }) => {
    state.asked.push(`${kind.plural} ${namespace ?? ''}/${name}`);
    const object = objects[name];
    await Promise.resolve();
    if (typeof object === 'string') throw new KubernetesError(object as KubernetesErrorReason, 'x');
    return parseObject(object);
  };
  const secrets = new PullSecrets({
    api: { get },
    parse: (text, format) => {
      if (text === 'bad') throw new Error(CANARY);
      return `${format}:${text}`;
    },
    monotonic: () => state.now,
    onFailure: ({ reason }) => state.failures.push(reason),
  });
  return { state, secrets };
}

test.for<{ name: string; object: unknown; expected: object; failures?: string[] }>([
  {
    name: 'a dockerconfigjson',
    object: GOOD,
    expected: { kind: 'found', identity: 'u/7', value: `dockerconfigjson:${CANARY}` },
  },
  {
    name: 'a dockercfg',
    object: secret('kubernetes.io/dockercfg', { '.dockercfg': 'x' }),
    expected: { kind: 'found', value: 'dockercfg:x' },
  },
  {
    name: 'another type of Secret, with the same key',
    object: secret('Opaque', { '.dockerconfigjson': CANARY }),
    expected: { kind: 'broken' },
  },
  {
    name: 'the key of the other type',
    object: secret('kubernetes.io/dockercfg', { '.dockerconfigjson': CANARY }),
    expected: { kind: 'broken' },
  },
  {
    name: 'no base64',
    object: { ...GOOD, data: { '.dockerconfigjson': '!' } },
    expected: { kind: 'broken' },
  },
  {
    name: 'what the parser refuses',
    object: secret('kubernetes.io/dockercfg', { '.dockercfg': 'bad' }),
    expected: { kind: 'broken' },
  },
  {
    name: 'more than a few registries',
    object: secret('kubernetes.io/dockercfg', { '.dockercfg': 'x'.repeat(65_537) }),
    expected: { kind: 'broken' },
  },
  { name: 'nothing', object: 'not-found', expected: { kind: 'missing' } },
  { name: 'a name that Kubernetes would not take', object: 'invalid', expected: { kind: 'missing' } },
  { name: 'no right', object: 'forbidden', expected: { kind: 'forbidden' }, failures: ['forbidden'] },
  { name: 'no answer', object: 'unreachable', expected: { kind: 'unread' }, failures: ['unreachable'] },
])('$name', async ({ object, expected, failures = [] }) => {
  const { secrets, state } = world({ s: object });
  const [found] = await secrets.read('shop', ['s'], signal);
  expect(found).toMatchObject({ ...expected, name: 's' });
  expect(state.failures).toEqual(failures);
  if (found?.kind !== 'found') expect(JSON.stringify(found)).not.toContain(CANARY);
});

test('a Secret is read once a minute; what is missing each time', async () => {
  const { secrets, state } = world({ s: GOOD, gone: 'not-found' });
  await Promise.all([secrets.read('shop', ['s'], signal), secrets.read('shop', ['s', 's'], signal)]);
  expect(state.asked).toEqual(['secrets shop/s']);
  await secrets.read('bank', ['s'], signal);
  expect(state.asked).toHaveLength(2);
  state.now = 60_001;
  await secrets.read('shop', ['s'], signal);
  expect(state.asked).toHaveLength(3);
  await secrets.read('shop', ['gone'], signal);
  await secrets.read('shop', ['gone'], signal);
  expect(state.asked).toHaveLength(5);
});

test.for<{ name: string; object: unknown; expected: object }>([
  {
    name: 'its secrets',
    object: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot' },
      imagePullSecrets: [{ name: 'a' }, {}, null, { name: 'b' }],
    },
    expected: { names: ['a', 'b'], isSure: true },
  },
  { name: 'none there', object: 'not-found', expected: { names: [], isSure: true } },
  { name: 'no right', object: 'forbidden', expected: { names: [], isSure: false } },
])('a ServiceAccount: $name', async ({ object, expected }) => {
  const { secrets } = world({ robot: object });
  expect(await secrets.namesOf('shop', 'robot', signal)).toEqual(expected);
});

test('the signal of who asks ends the waiting', async () => {
  const { secrets } = world({ s: GOOD });
  await expect(secrets.read('shop', ['s'], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

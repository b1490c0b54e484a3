// The real wire of libs/kubernetes: TLS, a pod's token that rotates, kubeconfig, time and size.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { KINDS, KubernetesApi, KubernetesError, openKubernetesApi } from '#kubernetes';
import { TestAuthority, VirtualApiServer } from '#testing';

const signal = new AbortController().signal;
const SYSTEM = { kind: KINDS.namespace, name: 'kube-system' };

let server: VirtualApiServer;
let directory: string;
let opened: KubernetesApi[] = [];

beforeEach(async () => {
  server = await VirtualApiServer.start({ token: 'first-token' });
  directory = mkdtempSync(join(tmpdir(), 'serviceaccount-'));
  writeFileSync(join(directory, 'token'), 'first-token\n');
  writeFileSync(join(directory, 'ca.crt'), server.ca);
  writeFileSync(join(directory, 'namespace'), 'connaisseur');
});

afterEach(async () => {
  for (const api of opened) api.close();
  opened = [];
  await server.stop();
  rmSync(directory, { recursive: true });
});

async function inPod(limits: Parameters<typeof openKubernetesApi>[1] = {}): Promise<KubernetesApi> {
  const { hostname, port } = new URL(server.url);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const { api, namespace } = await openKubernetesApi({ env, serviceAccountDirectory: directory }, limits);
  opened.push(api);
  expect(namespace).toBe('connaisseur');
  return api;
}

async function failureOf(call: Promise<unknown>): Promise<KubernetesError> {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof KubernetesError)) throw new Error('expected a KubernetesError', { cause: error });
  expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toMatch(
    /(?:first|second|wrong)-token/,
  );
  return error;
}

test('a pod is let in by its token, and by the next one as soon as the old one is refused', async () => {
  const api = await inPod();
  expect((await api.get(SYSTEM, signal)).name).toBe('kube-system');
  server.token = 'second-token';
  expect((await failureOf(api.get(SYSTEM, signal))).reason).toBe('unauthorized');
  writeFileSync(join(directory, 'token'), 'second-token\n');
  expect((await api.get(SYSTEM, signal)).name).toBe('kube-system');
});

test('a pod follows a new CA', async () => {
  const api = await inPod();
  writeFileSync(join(directory, 'ca.crt'), new TestAuthority().pem);
  expect((await failureOf(api.get(SYSTEM, signal))).reason).toBe('unreachable');
  writeFileSync(join(directory, 'ca.crt'), server.ca);
  expect((await api.get(SYSTEM, signal)).name).toBe('kube-system');
});

test('a laptop is let in by its kubeconfig', async () => {
  const kubeconfig = join(directory, 'config');
  writeFileSync(kubeconfig, server.kubeconfig({ namespace: 'shop' }));
  const { api, namespace } = await openKubernetesApi({ kubeconfig, env: {} });
  opened.push(api);
  expect([namespace, await api.clusterId(signal)]).toEqual([
    'shop',
    expect.stringMatching(/^[0-9a-f-]{36}$/),
  ]);
  writeFileSync(kubeconfig, server.kubeconfig({ token: 'wrong-token' }));
  const other = await openKubernetesApi({ kubeconfig, env: {} });
  opened.push(other.api);
  expect((await failureOf(other.api.clusterId(signal))).reason).toBe('unauthorized');
});

test.for([
  { name: 'no kubeconfig', text: undefined, context: undefined },
  { name: 'a kubeconfig that is none', text: '- 1', context: undefined },
  { name: 'a context that is not in it', text: 'there', context: 'absent' },
])('$name is said', async ({ text, context }) => {
  const kubeconfig = join(directory, 'config');
  if (text !== undefined) writeFileSync(kubeconfig, text === 'there' ? server.kubeconfig() : text);
  expect((await failureOf(openKubernetesApi({ kubeconfig, context, env: {} }))).reason).toBe('invalid');
});

test('answers are bounded in bytes, requests in time', async () => {
  const small = await inPod({ maxBytes: 64 });
  expect((await failureOf(small.get(SYSTEM, signal))).reason).toBe('invalid');
  const api = await inPod();
  expect((await failureOf(api.get(SYSTEM, AbortSignal.timeout(0)))).reason).toBe('timeout');
});

test('a server that is gone is unreachable', async () => {
  const api = await inPod();
  await server.stop();
  expect((await failureOf(api.get(SYSTEM, signal))).reason).toBe('unreachable');
  server = await VirtualApiServer.start();
});

test('a watch tells changes over the wire, and ends when it is told', async () => {
  const api = await inPod();
  const stop = new AbortController();
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'shop' } };
  const { resourceVersion } = await api.list(KINDS.secret, { namespace: 'shop' }, signal);
  const told: string[] = [];
  const watching = (async () => {
    for await (const { type, object } of api.watch(
      KINDS.secret,
      { namespace: 'shop', resourceVersion },
      stop.signal,
    )) {
      told.push(`${type} ${object.name}`);
      if (type === 'DELETED') stop.abort();
    }
  })();
  await api.create(KINDS.secret, secret, signal);
  await api.delete({ kind: KINDS.secret, namespace: 'shop', name: 'a' }, {}, signal);
  await watching.catch((error: unknown) => expect(error).toMatchObject({ reason: 'timeout' }));
  expect(told).toEqual(['ADDED a', 'DELETED a']);
});

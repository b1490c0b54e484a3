// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRedis, type RedisConnection } from '#bus';
import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { KINDS } from '#kubernetes';
import { createTransport } from '#registry';
import {
  CosignSigner,
  pushImage,
  pushLegacySignature,
  RegistryPusher,
  startRealRegistry,
  VirtualApiServer,
  VirtualRegistry,
} from '#testing';
import { CurrentEngine, readIfPresent, type VerificationEngine } from '#verification';

import { type Answer, patchOf, renderedConfiguration, System } from './system.js';

const USER = 'puller';
const PASSWORD = 'pull-canary-5d1e';
/** bcrypt of the password, cost 5. */
const HTPASSWD = `${USER}:$2y$05$abcdefghijklmnopqrstuuPkIIarwWAZq0lcLRrVEQtwN47g0ShE.`;
const WRONG = 'wrong-canary-77aa';
const BASIC = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
const CANARIES = [PASSWORD, BASIC, WRONG, Buffer.from(`${USER}:${WRONG}`).toString('base64')];
const { signal } = new AbortController();
const team = new CosignSigner('P-256');

type Json = Readonly<Record<string, unknown>>;

async function pushSigned(host: string): Promise<string> {
  const pusher = new RegistryPusher(`http://${host}`, { authorization: `Basic ${BASIC}` });
  const { digest } = await pushImage(pusher, 'app', { tag: 'v1', content: host });
  const layer = team.signLegacy({ digest, repository: `${host}/app` });
  await pushLegacySignature(pusher, 'app', digest, [layer]);
  return digest;
}

async function startBasic() {
  const registry = await startRealRegistry({ htpasswd: HTPASSWD });
  return { registry, digest: await pushSigned(registry.host) };
}

async function startBearer() {
  const registry = await VirtualRegistry.start({
    auth: { kind: 'bearer', user: { username: USER, password: PASSWORD } },
  });
  const { digest } = await pushImage(registry.content, 'app', { tag: 'v1', content: 'app' });
  const layer = team.signLegacy({ digest, repository: `${registry.host}/app` });
  await pushLegacySignature(registry.content, 'app', digest, [layer]);
  return { registry, digest };
}

describe('pull secrets of workloads', () => {
  let api: VirtualApiServer;
  let system: System;
  let admin: RedisConnection;
  const places = new Map<string, { host: string; digest: string; stop: () => Promise<void> }>();
  const answers: string[] = [];

  beforeAll(async () => {
    const [basic, bearer] = await Promise.all([startBasic(), startBearer()]);
    for (const [name, { registry, digest }] of [
      ['Basic', basic],
      ['Bearer', bearer],
    ] as const) {
      places.set(name, { host: registry.host, digest, stop: () => registry.stop() });
    }
    api = await VirtualApiServer.start();
    const hosts = [basic.registry.host, bearer.registry.host];
    const good = { auth: BASIC };
    const bad = { username: USER, password: WRONG };
    await addSecret('shop', 'puller', Object.fromEntries(hosts.map((host) => [host, good])));
    await addSecret('shop', 'wrong', Object.fromEntries(hosts.map((host) => [host, bad])));
    await addSecret('shop', 'elsewhere', {
      ...Object.fromEntries(hosts.map((host) => [`${host}.evil.example`, good])),
      '127.0.0.1': good,
    });
    await addSecret('shop', 'opaque', Object.fromEntries(hosts.map((host) => [host, good])), 'Opaque');
    await addSecret('shop', 'hidden', Object.fromEntries(hosts.map((host) => [host, good])));
    await addSecret('trial', 'puller', Object.fromEntries(hosts.map((host) => [host, good])));
    api.cluster.fail({ path: /\/secrets\/hidden$/, status: 403 });
    await api.cluster.api().create(
      KINDS.serviceAccount,
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'robot', namespace: 'shop' },
        imagePullSecrets: [{ name: 'puller' }],
      },
      signal,
    );
    system = await System.prepare({
      values: renderedConfiguration({
        host: hosts[0] ?? '',
        publicKey: team.key.publicKeyPem,
        features: `  - pattern: "${hosts[1]}/*:*"
    validator: team
    with: { verifyInTransparencyLog: false }
features:
  imagePullSecrets:
    namespaces: [shop]
`,
      }),
      kubeconfig: api.kubeconfig(),
    });
    admin = createRedis({ url: system.redis.url }, 'patient');
    await Promise.all([system.start('gateway'), system.start('verifier')]);
  }, 60_000);

  afterAll(async () => {
    admin?.disconnect();
    await system?.stop();
    await api?.stop();
    await Promise.all([...places.values()].map(async ({ stop }) => await stop()));
  });

  async function addSecret(
    namespace: string,
    name: string,
    auths: Json,
    type = 'kubernetes.io/dockerconfigjson',
  ): Promise<void> {
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, data };
    await api.cluster.api().create(KINDS.secret, manifest, signal);
  }

  async function mutate(request: Json): Promise<Answer> {
    const common = {
      uid: randomUUID(),
      name: '',
      operation: 'CREATE',
      dryRun: false,
      userInfo: { username: 'dev' },
    };
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { ...common, ...request },
    };
    const { body } = await system.post('/mutate?timeout=10s', JSON.stringify(review));
    answers.push(body);
    return (JSON.parse(body) as { response: Answer }).response;
  }

  const podSpec = (host: string, secrets: readonly string[]): Json => ({
    containers: [{ name: 'app', image: `${host}/app:v1` }],
    imagePullSecrets: secrets.map((name) => ({ name })),
  });

  const pod = async (host: string, secrets: readonly string[], namespace = 'shop'): Promise<Answer> =>
    await mutate({
      namespace,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: podSpec(host, secrets) },
    });

  const deployment = async (host: string, serviceAccountName: string): Promise<Answer> =>
    await mutate({
      namespace: 'shop',
      kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { template: { spec: { ...podSpec(host, []), serviceAccountName } } },
      },
    });

  const place = (name: string) => {
    const found = places.get(name);
    if (found === undefined) throw new Error(`no registry ${name}`);
    return found;
  };

  describe.for(['Basic', 'Bearer'])('%s', (kind) => {
    test('an image that only the pull secret can read is admitted', async () => {
      const { host, digest } = place(kind);
      const answer = await pod(host, ['puller']);
      expect(answer).toMatchObject({ allowed: true });
      expect(patchOf(answer)).toContainEqual(expect.objectContaining({ value: `${host}/app:v1@${digest}` }));
      // And once more, from memory.
      expect(await pod(host, ['puller'])).toMatchObject({ allowed: true });
    });

    test.for<{ name: string; secrets: string[]; namespace?: string; allowed: boolean; says?: string }>([
      { name: 'a namespace that did not opt in', secrets: ['puller'], namespace: 'trial', allowed: false },
      { name: 'H05 no pull secret, right after one', secrets: [], allowed: false },
      { name: 'a wrong password', secrets: ['wrong'], allowed: false, says: '"wrong"' },
      { name: 'a Secret that is not there', secrets: ['gone'], allowed: false, says: '"gone"' },
      { name: 'one that is not there before a good one', secrets: ['gone', 'puller'], allowed: true },
      { name: 'G25 hosts that only look alike', secrets: ['elsewhere'], allowed: false },
      { name: 'another type of Secret', secrets: ['opaque'], allowed: false, says: '"opaque"' },
      { name: 'one that may not be read', secrets: ['hidden'], allowed: false, says: '"hidden"' },
    ])('$name: $allowed', async ({ secrets, namespace, allowed, says = '' }) => {
      const answer = await pod(place(kind).host, secrets, namespace);
      expect(answer.allowed).toBe(allowed);
      if (allowed) return;
      expect(answer.status?.message).toContain('CNS-2003');
      expect(answer.status?.message).toContain(says);
    });

    test.for([
      { name: 'a ServiceAccount with the secret', account: 'robot', allowed: true },
      { name: 'one that is not there', account: 'nobody', allowed: false },
    ])('a template of $name: $allowed', async ({ account, allowed }) => {
      expect((await deployment(place(kind).host, account)).allowed).toBe(allowed);
    });
  });

  test('only the namespace that opted in was read', () => {
    const read = api.cluster.requests.filter(({ path }) => /\/(?:secrets|serviceaccounts)\//.test(path));
    const own = read.filter(({ method }) => method === 'GET');
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(({ path }) => !path.includes('/namespaces/shop/'))).toEqual([]);
  });

  test('I6, D06 the secret is in no key, log or answer; nothing of it went to the shared verdicts', async () => {
    expect(await admin.keys('connaisseur:cache:*')).toEqual([]);
    const texts = [...answers];
    for (const name of ['gateway', 'verifier']) texts.push(system.service(name).output());
    for (const key of await admin.keys('*')) {
      const dump = await admin.dumpBuffer(key);
      texts.push(key, dump?.toString('latin1') ?? '', JSON.stringify((await contentsOf(key)) ?? null));
    }
    expect(texts.length).toBeGreaterThan(20);
    const found = CANARIES.filter((canary) => texts.some((text) => text.includes(canary)));
    expect(found).toEqual([]);
  });

  /** DUMP compresses: what can be read plainly is read plainly as well. */
  async function contentsOf(key: string): Promise<unknown> {
    switch (await admin.type(key)) {
      case 'stream':
        return await admin.xrange(key, '-', '+');
      case 'list':
        return await admin.lrange(key, 0, -1);
      case 'hash':
        return await admin.hgetall(key);
      case 'string':
        return await admin.get(key);
      default:
        return undefined;
    }
  }
});

describe('a mounted secret that is rotated', () => {
  test('takes effect without a restart, as the kubelet swaps it', async () => {
    const { registry } = await startBearer();
    const secrets = mkdtempSync(join(tmpdir(), 'secrets-'));
    const transport = createTransport();
    const engines: VerificationEngine[] = [];
    const volume = join(secrets, 'team-auth');
    const swapTo = (version: string, password: string, host: string): void => {
      mkdirSync(join(volume, version), { recursive: true });
      const text = `registry: ${host}\nusername: ${USER}\npassword: ${password}\n`;
      writeFileSync(join(volume, version, 'secret.yaml'), text);
      symlinkSync(version, join(volume, '..data_tmp'));
      renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    swapTo('..v1', WRONG, registry.host);
    symlinkSync(join('..data', 'secret.yaml'), join(volume, 'secret.yaml'));
    const text = renderedConfiguration({ host: registry.host, publicKey: team.key.publicKeyPem }).replace(
      '    type: cosign\n',
      '    type: cosign\n    auth: { secretName: team-auth }\n',
    );
    const current = new CurrentEngine({
      configuration: {
        current: loadConfiguration({ file: { name: 'config.yaml', text } }),
        subscribe: () => () => undefined,
      },
      transport,
      secretsDirectory: secrets,
      dockerConfig: undefined,
      readFile: readIfPresent,
      clock: () => new Date(),
      onFault: () => undefined,
      onEngine: (engine) => engines.push(engine),
      onFailure: (error) => {
        throw error;
      },
    });
    try {
      const image = parseImageReference(`${registry.host}/app:v1`);
      const verdict = async () => {
        const bound = current.engine.govern(image);
        if (bound === undefined) throw new Error('no rule');
        return await current.engine.verify(image, bound, AbortSignal.timeout(5_000));
      };
      expect(await verdict()).toMatchObject({ outcome: 'undecided', code: 'CNS-2003' });
      swapTo('..v2', PASSWORD, registry.host);
      current.lookAtSecrets();
      expect(await verdict()).toMatchObject({ outcome: 'admitted' });
      swapTo('..v3', PASSWORD, `${registry.host}.evil.example`.replace(/:\d+/, ''));
      current.lookAtSecrets();
      expect(await verdict()).toMatchObject({ outcome: 'undecided', code: 'CNS-2003' });
      expect(engines).toHaveLength(3);
    } finally {
      current.close();
      await transport.close();
      await registry.stop();
      rmSync(secrets, { recursive: true, force: true });
    }
  });
});

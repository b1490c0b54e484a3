// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { createHash, generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import { readBusKeys } from '#bus';
import { isTrustedBy } from '#certificates';
import { KINDS, type KubernetesApi } from '#kubernetes';
import { VirtualCluster } from '#testing';

import { Installation, settingsText, signal } from '../test/installation.js';
import { InstallationError } from './error.js';
import { secretPlace } from './places.js';
import { prepare } from './prepare.js';
import { filesOf, type SecretFiles } from './secrets.js';

const files = async ({ api, settings }: Installation, name: string) =>
  filesOf(await api.get(secretPlace(settings, name), signal));

test('every component gets its own keys, and no other', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const [gateway, verifier, alerting] = await Promise.all(
    ['gateway', 'verifier', 'alerting'].map(
      async (name) => await files(installation, `connaisseur-${name}-bus`),
    ),
  );
  const names = (found: SecretFiles | undefined) =>
    [...(found ?? new Map<string, string>()).keys()].map((name) => name.replace(/^\d+\./, '')).toSorted();
  expect(names(gateway)).toEqual([
    'ca.crt',
    'cluster-id',
    'decisions.key',
    'decisions.pub',
    'requests.key',
    'url',
    'verdicts.pub',
  ]);
  expect(names(verifier)).toEqual([
    'ca.crt',
    'cluster-id',
    'requests.key',
    'url',
    'verdicts.key',
    'verdicts.pub',
  ]);
  expect(names(alerting)).toEqual(['alerts.seal', 'ca.crt', 'cluster-id', 'decisions.pub', 'url']);
  const keys = readBusKeys(gateway ?? new Map());
  expect(keys.verdicts?.canSign).toBe(false);
  expect(readBusKeys(verifier ?? new Map()).verdicts?.canSign).toBe(true);
});

test('Redis knows each component by the hash of its own password, and nobody else', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const acl = (await files(installation, 'connaisseur-redis-acl')).get('users.acl') ?? '';
  for (const component of ['gateway', 'verifier', 'alerting']) {
    const url = new URL((await files(installation, `connaisseur-${component}-bus`)).get('url') ?? '');
    expect(url.username).toBe(component);
    const hash = createHash('sha256').update(url.password).digest('hex');
    expect(acl).toContain(`user ${component} on #${hash} `);
    expect(acl).not.toContain(url.password);
  }
  expect(acl).toContain('user default off');
});

test('the serving certificate comes from the authority, whose key only one Secret holds', async () => {
  const installation = await Installation.armed(new VirtualCluster());
  const [authority, serving] = [
    await files(installation, 'connaisseur-ca'),
    await files(installation, 'connaisseur-tls'),
  ];
  expect(isTrustedBy(serving.get('tls.crt') ?? '', authority.get('ca.crt') ?? '', installation.now)).toBe(
    true,
  );
  const key = authority.get('ca.key') ?? 'none';
  for (const name of ['connaisseur-tls', 'connaisseur-redis-tls', 'connaisseur-gateway-bus']) {
    expect([...(await files(installation, name)).values()].join('\n')).not.toContain(key);
  }
});

const secretVersions = async (api: KubernetesApi): Promise<readonly string[]> =>
  (await api.list(KINDS.secret, {}, signal)).items.map(
    ({ name, resourceVersion }) => `${name} ${resourceVersion}`,
  );

test('a second time changes nothing', async () => {
  const { api, settings, now } = await Installation.armed(new VirtualCluster());
  const before = await secretVersions(api);
  const again = await prepare(api, settings, { now }, signal);
  expect(again.made).toEqual([]);
  expect(again.kept).toHaveLength(7);
  expect(await secretVersions(api)).toEqual(before);
});

test.for([1, 2, 3, 4, 5, 6, 7])(
  'interrupted before Secret %i, the next one completes one set of keys',
  async (nth) => {
    const installation = new Installation(new VirtualCluster());
    const { api, settings, now, cluster } = installation;
    let creations = 0;
    cluster.fail({
      method: 'POST',
      path: { test: () => (creations += 1) >= nth } as unknown as RegExp,
      status: 503,
    });
    await expect(prepare(api, settings, { now }, signal)).rejects.toThrow();
    cluster.behave();
    await prepare(api, settings, { now }, signal);
    await assertOneSet(installation);
  },
);

test('two at a time end with one set of keys', async () => {
  const installation = new Installation(new VirtualCluster());
  const { api, settings, now } = installation;
  await Promise.all([
    prepare(api, settings, { now }, signal),
    prepare(api, settings, { now: new Date(now.getTime() + 5000) }, signal),
  ]);
  await assertOneSet(installation);
});

async function assertOneSet(installation: Installation): Promise<void> {
  const shared = async (component: string, kind: string) =>
    [...(await files(installation, `connaisseur-${component}-bus`))].filter(([name]) => name.endsWith(kind));
  expect(await shared('gateway', '.requests.key')).toEqual(await shared('verifier', '.requests.key'));
  expect(await shared('gateway', '.verdicts.pub')).toEqual(await shared('verifier', '.verdicts.pub'));
  expect(await shared('gateway', '.decisions.pub')).toEqual(await shared('alerting', '.decisions.pub'));
  expect(await shared('alerting', '.decisions.pub')).toHaveLength(1);
}

const labelled = (kind: string, labels: Record<string, string>, service = 'connaisseur') => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'connaisseur-webhook', labels },
  webhooks: [{ name: `connaisseur-svc.${service}.svc` }],
});
const OURS = { 'app.kubernetes.io/part-of': 'connaisseur-ts', 'app.kubernetes.io/instance': 'connaisseur' };

test.for<{ name: string; settings?: string; there?: (api: KubernetesApi) => Promise<unknown>; code: string }>(
  [
    { name: 'D14 the namespace default', settings: settingsText('default'), code: 'namespace' },
    { name: 'D14 a namespace of the system', settings: settingsText('kube-system'), code: 'namespace' },
    {
      name: 'D14 a second release',
      there: (api) =>
        api.create(
          KINDS.mutatingWebhooks,
          labelled('MutatingWebhookConfiguration', { ...OURS, 'app.kubernetes.io/instance': 'other' }),
          signal,
        ),
      code: 'second-release',
    },
    {
      name: 'D14 the same release elsewhere',
      there: (api) =>
        api.create(
          KINDS.validatingWebhooks,
          labelled('ValidatingWebhookConfiguration', OURS, 'elsewhere'),
          signal,
        ),
      code: 'second-release',
    },
    {
      name: 'the webhook of Connaisseur 3',
      there: (api) =>
        api.create(
          KINDS.mutatingWebhooks,
          labelled('MutatingWebhookConfiguration', { 'helm.sh/chart': 'connaisseur-3.10.0' }),
          signal,
        ),
      code: 'upstream-release',
    },
    {
      name: 'the deployment of Connaisseur 3 without its webhook',
      there: (api) =>
        api.create(
          KINDS.deployment,
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: {
              name: 'connaisseur',
              namespace: 'connaisseur',
              labels: { 'helm.sh/chart': 'connaisseur-3.9.1' },
            },
          },
          signal,
        ),
      code: 'upstream-release',
    },
    {
      name: 'a Secret that the user has to make',
      settings: settingsText('connaisseur', 'connaisseur', 'self', ['registry-login']),
      code: 'missing-secret',
    },
    {
      name: 'somebody else’s webhook under our name',
      there: (api) =>
        api.create(KINDS.mutatingWebhooks, labelled('MutatingWebhookConfiguration', {}), signal),
      code: 'foreign-webhook',
    },
  ],
)('$name is refused before anything is changed', async ({ settings, there, code }) => {
  const installation = new Installation(new VirtualCluster(), settings);
  await there?.(installation.api);
  const before = installation.cluster.paths();
  const error: unknown = await prepare(
    installation.api,
    installation.settings,
    { now: installation.now },
    signal,
  ).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(InstallationError);
  expect(error).toMatchObject({ code });
  expect(installation.cluster.paths()).toEqual(before);
});

const RULES = (validator: string): string =>
  `validators:\n- name: allow\n  type: static\n  approve: true\npolicy:\n- pattern: '*:*'\n  validator: ${validator}\n`;
const KEY_OF = (key: string): string =>
  `validators:\n- name: c\n  type: cosign\n  trustRoots:\n  - name: default\n    key: ${JSON.stringify(key)}\npolicy:\n- pattern: '*:*'\n  validator: c\n`;
const PUBLIC_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();

test.for<{ name: string; text: string; says?: string }>([
  { name: 'a rule with its validator', text: RULES('allow') },
  { name: 'P17 a rule without its validator', text: RULES('nobody'), says: 'config.yaml:7:14  policy[0]' },
  { name: 'a key', text: KEY_OF(PUBLIC_KEY) },
  { name: 'a broken key', text: KEY_OF(PUBLIC_KEY.replace('MFk', 'NFk')), says: 'config.yaml:6:10' },
  { name: 'no YAML', text: 'a: [', says: 'config.yaml:1' },
])('a configuration is judged before anything is changed: $name', async ({ text, says }) => {
  const { api, settings, now, cluster } = new Installation(new VirtualCluster());
  const before = cluster.paths();
  const configuration = { file: { name: 'config.yaml', text } };
  const result = prepare(api, settings, { now, configuration }, signal);
  if (says === undefined) {
    expect((await result).made).toHaveLength(7);
    return;
  }
  const error = await result.catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(InstallationError);
  expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining(says) });
  expect(cluster.paths()).toEqual(before);
});

test.for([
  { name: 'own', source: 'own', pem: 'no certificate', refused: true },
  { name: 'own, empty', source: 'own', pem: '', refused: true },
  { name: 'what cert-manager made', source: 'cert-manager', pem: 'no certificate', refused: true },
  { name: 'what cert-manager is about to fill', source: 'cert-manager', pem: '', refused: false },
  { name: 'of that name while we make our own', source: 'self', pem: 'no certificate', refused: false },
])('a serving certificate that is none is judged as well: $name', async ({ source, pem, refused }) => {
  const text = JSON.stringify({
    ...JSON.parse(settingsText()),
    certificates: { source, secretName: 'my-tls' },
  });
  const { api, settings, now, cluster } = new Installation(new VirtualCluster(), text);
  const data = { 'tls.crt': Buffer.from(pem).toString('base64'), 'tls.key': '' };
  await api.create(
    KINDS.secret,
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'my-tls', namespace: 'connaisseur' }, data },
    signal,
  );
  const before = cluster.paths();
  const result = await prepare(api, settings, { now }, signal).catch((cause: unknown) => cause);
  if (refused) {
    expect(result).toBeInstanceOf(InstallationError);
    expect(result).toMatchObject({ code: 'certificate' });
    expect(cluster.paths()).toEqual(before);
  } else {
    expect(result).toMatchObject({ kept: [] });
  }
});

test.for([
  { name: 'keys of one component', deleted: ['connaisseur-verifier-bus'] },
  // The new authority is in no component's Secret: nobody would reach Redis.
  { name: 'the certificate of Redis', deleted: ['connaisseur-redis-tls'] },
  // The users of Redis keep the passwords that are gone.
  {
    name: 'keys of every component',
    deleted: ['connaisseur-gateway-bus', 'connaisseur-verifier-bus', 'connaisseur-alerting-bus'],
  },
])('what belongs together is not half replaced: $name', async ({ deleted }) => {
  const { api, settings, now } = await Installation.armed(new VirtualCluster());
  for (const name of deleted) await api.delete(secretPlace(settings, name), {}, signal);
  const before = await secretVersions(api);
  await expect(prepare(api, settings, { now }, signal)).rejects.toMatchObject({ code: 'keys' });
  expect(await secretVersions(api)).toEqual(before);
});

test('users of Redis are written anew from the passwords that are there', async () => {
  const { api, settings, now } = await Installation.armed(new VirtualCluster());
  await api.delete(secretPlace(settings, 'connaisseur-redis-acl'), {}, signal);
  expect((await prepare(api, settings, { now }, signal)).made).toEqual(['connaisseur-redis-acl']);
});

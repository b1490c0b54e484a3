// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// What the chart's Jobs and the keeper do, on a real API server, with the rights that the chart gives them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { isTrustedBy } from '#certificates';
import { parseClusterSettings, parseWebhookManifests, type RunningKeeper, startKeeper } from '#keeper';
import { openKubernetesApi } from '#kubernetes';
import { silentLogger } from '#observability';

import { type ControlPlane, startControlPlane } from '../interop/world/index.js';
import { connaisseur, DenyingGateway, LifecycleRig, NAMESPACE } from './lifecycle-rig.js';

const KINDS = ['mutating', 'validating'] as const;

let plane: ControlPlane;
let rig: LifecycleRig;
let gateway: DenyingGateway | undefined;
let keeper: RunningKeeper | undefined;
const registry = new Registry();

beforeAll(async () => {
  plane = await startControlPlane({ withNodes: false });
  rig = await LifecycleRig.open(plane);
});

afterAll(async () => {
  await keeper?.close();
  await gateway?.stop();
  await plane?.stop();
});

/** Says what became of a pod in another namespace. */
async function createPod(name: string): Promise<string> {
  const { code, stdout, stderr } = await plane.tryKubectl([
    'run',
    name,
    '--image=registry.test/app:v1',
    '--restart=Never',
  ]);
  return code === 0 ? stdout.trim() : stderr;
}

async function metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const values = (await registry.getSingleMetric(name)?.get())?.values ?? [];
  const fits = (own: object): boolean =>
    Object.entries(labels).every(([key, text]) => Reflect.get(own, key) === text);
  return values.filter((value) => fits(value.labels)).reduce((sum, { value }) => sum + value, 0);
}

describe('prepare', () => {
  test.for([
    { name: 'D14 the namespace default', namespace: 'default' },
    { name: 'D14 a namespace of the system', namespace: 'kube-public' },
  ])('$name is refused, and nothing is there', async ({ namespace }) => {
    const settings = join(plane.folder, 'refused.yaml');
    const text = await readFile(rig.settings, 'utf8');
    await writeFile(settings, JSON.stringify({ ...parseClusterSettings(text), namespace }));
    const { code, stderr } = await connaisseur([
      'cluster',
      'prepare',
      '--settings',
      settings,
      '--kubeconfig',
      plane.kubeconfig,
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a namespace of its own')]);
    expect(await rig.secretVersions()).toBe('');
  });

  test.for([
    {
      name: 'a release of Connaisseur 3',
      labels: { 'helm.sh/chart': 'connaisseur-3.10.0' },
      says: 'helm uninstall connaisseur',
    },
    {
      name: 'D14 a second release',
      labels: { 'app.kubernetes.io/part-of': 'connaisseur-ts', 'app.kubernetes.io/instance': 'other' },
      says: 'no other release in this cluster',
    },
  ])('$name is refused, and goes on working', async ({ labels, says }) => {
    const there = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'connaisseur-webhook', labels },
      webhooks: [],
    };
    await plane.kubectl(['create', '-f', '-'], JSON.stringify(there));
    const { code, stderr } = await rig.installer('prepare');
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(await rig.secretVersions()).toBe('');
    await plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'connaisseur-webhook']);
  });

  test('makes the Secrets as the installer’s account, and a second time changes nothing', async () => {
    const first = await rig.installer('prepare', '-o', 'json');
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(JSON.parse(first.stdout)).toMatchObject({ kept: [] });
    const before = await rig.secretVersions();
    expect(before.trim().split('\n')).toHaveLength(7);
    const second = await rig.installer('prepare', '-o', 'json');
    expect(JSON.parse(second.stdout)).toMatchObject({ made: [] });
    expect(await rig.secretVersions()).toBe(before);
    const uid = await plane.kubectl(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
    expect((await rig.secretFile('connaisseur-gateway-bus', 'cluster-id')).trim()).toBe(uid);
  });

  test('D06 the installer can neither read other Secrets nor change ours', async () => {
    const can = async (...args: string[]): Promise<string> =>
      (
        await plane.tryKubectl([
          'auth',
          'can-i',
          ...args,
          '-n',
          NAMESPACE,
          `--as=system:serviceaccount:${NAMESPACE}:connaisseur-installer`,
        ])
      ).stdout.trim();
    expect(await can('patch', 'secret/connaisseur-ca')).toBe('no');
    expect(await can('get', 'secret/other')).toBe('no');
    expect(await can('list', 'secrets')).toBe('no');
    expect(await can('get', 'secret/connaisseur-ca')).toBe('yes');
  });
});

describe('arm', () => {
  test('without a gateway nothing is armed, and the cluster goes on', async () => {
    const { code, stderr } = await rig.installer(
      'arm',
      '--webhooks',
      rig.webhooks,
      '--gateway-url',
      'https://127.0.0.1:1',
      '--timeout',
      '17',
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('no gateway answered')]);
    expect(await createPod('before')).toBe('pod/before created');
  });

  test('with one, both configurations are in force, and a second time changes nothing', async () => {
    const [cert, key] = [
      await rig.secretFile('connaisseur-tls', 'tls.crt'),
      await rig.secretFile('connaisseur-tls', 'tls.key'),
    ];
    gateway = await DenyingGateway.start(cert, key);
    await plane.routeService(NAMESPACE, 'connaisseur-svc', gateway.port);
    const arm = ['arm', '--webhooks', rig.webhooks, '--gateway-url', `https://127.0.0.1:${gateway.port}`];
    const first = await rig.installer(...arm);
    expect([first.code, first.stderr]).toEqual([0, '']);
    await plane.waitFor('a denial', async () =>
      (await createPod('denied')).includes('denied by the gateway'),
    );
    const versions = async () =>
      await plane.kubectl([
        'get',
        'mutatingwebhookconfigurations,validatingwebhookconfigurations',
        '-o',
        'jsonpath={.items[*].metadata.resourceVersion}',
      ]);
    const before = await versions();
    expect((await rig.installer(...arm)).code).toBe(0);
    expect(await versions()).toBe(before);
  });

  test('the status says what is on', async () => {
    const args = [
      '--settings',
      rig.settings,
      '--webhooks',
      rig.webhooks,
      '--kubeconfig',
      plane.kubeconfig,
      '-o',
      'json',
    ];
    const { stdout, stderr } = await connaisseur(['cluster', 'status', ...args]);
    expect(stderr).toBe('');
    const status = JSON.parse(stdout) as {
      armed: boolean;
      webhooks: { drift: string[] }[];
      certificates: object[];
    };
    expect(status.armed).toBe(true);
    expect(status.webhooks.map(({ drift }) => drift)).toEqual([[], []]);
    expect(status.certificates).toHaveLength(2);
  });
});

describe('the keeper', () => {
  beforeAll(async () => {
    const { api } = await openKubernetesApi({ kubeconfig: rig.keeper, env: {} });
    const settings = parseClusterSettings(await readFile(rig.settings, 'utf8'));
    const manifests = parseWebhookManifests(await readFile(rig.webhooks, 'utf8'));
    keeper = await startKeeper({
      api,
      settings: () => settings,
      manifests: () => manifests,
      management: undefined,
      name: 'keeper-0',
      log: silentLogger,
      registry,
    });
    await plane.waitFor(
      'the first look',
      async () =>
        (await metric('connaisseur_keeper_leader')) === 1 &&
        (await metric('connaisseur_keeper_last_look_seconds')) > 0,
    );
  });

  test('finds nothing to put right in what the API server made of the chart’s configurations', async () => {
    expect(await metric('connaisseur_webhook_drift_total')).toBe(0);
    expect(await metric('connaisseur_keeper_failures_total')).toBe(0);
  });

  test.for([
    { field: 'failurePolicy', op: { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' } },
    { field: 'timeoutSeconds', op: { op: 'replace', path: '/webhooks/0/timeoutSeconds', value: 1 } },
    { field: 'rules', op: { op: 'replace', path: '/webhooks/0/rules', value: [] } },
    {
      field: 'objectSelector',
      op: { op: 'replace', path: '/webhooks/0/objectSelector', value: { matchLabels: { a: 'b' } } },
    },
    {
      field: 'namespaceSelector',
      op: { op: 'replace', path: '/webhooks/0/namespaceSelector', value: { matchLabels: { a: 'b' } } },
    },
    { field: 'matchPolicy', op: { op: 'replace', path: '/webhooks/0/matchPolicy', value: 'Exact' } },
    {
      field: 'matchConditions',
      op: { op: 'add', path: '/webhooks/0/matchConditions', value: [{ name: 'x', expression: 'false' }] },
    },
    { field: 'clientConfig', op: { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: '' } },
    { field: 'webhook-missing', op: { op: 'remove', path: '/webhooks/0' } },
  ])('D02 $field is put right within seconds, in both', async ({ field, op }) => {
    for (const kind of KINDS) {
      const before = await rig.webhook(kind);
      await plane.kubectl([
        'patch',
        `${kind}webhookconfiguration`,
        'connaisseur-webhook',
        '--type=json',
        '-p',
        JSON.stringify([op]),
      ]);
      await plane.waitFor(
        `${field} of the ${kind} one`,
        async () => JSON.stringify(await rig.webhook(kind)) === JSON.stringify(before),
        { seconds: 30 },
      );
    }
    expect(await metric('connaisseur_webhook_drift_total', { field })).toBe(2);
  });

  test('D01 a deleted configuration is back, and everybody can read of it', async () => {
    for (const kind of KINDS)
      await plane.kubectl(['delete', `${kind}webhookconfiguration`, 'connaisseur-webhook']);
    await plane.waitFor('both', async () => {
      const found = await Promise.all(
        KINDS.map((kind) => plane.tryKubectl(['get', `${kind}webhookconfiguration`, 'connaisseur-webhook'])),
      );
      return found.every(({ code }) => code === 0);
    });
    const events = await plane.kubectl([
      '-n',
      NAMESPACE,
      'get',
      'events.events.k8s.io',
      '-o',
      'jsonpath={.items[*].reason}',
    ]);
    expect(events).toContain('WebhookDrift');
    expect(await metric('connaisseur_keeper_failures_total')).toBe(0);
  });

  test('break-glass by the command, while no gateway lives: pods are made; --end ends it', async () => {
    await gateway?.stop();
    await plane.waitFor('a cluster that is blocked', async () =>
      (await createPod('blocked')).includes('failed calling webhook'),
    );
    const admin = ['--kubeconfig', plane.kubeconfig];
    const refused = await connaisseur(['break-glass', '--for', '30m', ...admin]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--reason')]);
    expect((await connaisseur(['break-glass', '--for', '25h', '--reason', 'x', ...admin])).code).toBe(2);
    expect(
      (await connaisseur(['break-glass', '--for', '30m', '--reason', 'no gateway', ...admin])).code,
    ).toBe(0);
    await plane.waitFor('a pod', async () => (await createPod('opened')) === 'pod/opened created');
    await plane.waitFor(
      'the keeper to tell',
      async () => (await metric('connaisseur_break_glass_active')) === 1,
    );
    expect((await connaisseur(['break-glass', '--status', ...admin])).stdout).toContain('no gateway');
    expect((await connaisseur(['break-glass', '--end', ...admin])).code).toBe(0);
    await plane.waitFor('an end', async () => (await createPod('again')).includes('failed calling webhook'));
  });

  test('break-glass by the documented line, ended by the keeper when its time is over', async () => {
    const page = await readFile('docs/how-to/break-glass.md', 'utf8');
    const [line = ''] = /^ {2}kubectl patch .*$/m.exec(page) ?? [];
    const patch = /-p "(\{.*\})"$/.exec(line)?.[1] ?? '';
    const until = new Date(Date.now() + 8000).toISOString();
    const text = patch
      .replaceAll('\\"', '"')
      .replaceAll('$UNTIL', until)
      .replaceAll('$WHY', 'by hand')
      .replaceAll('$NS', NAMESPACE)
      .replaceAll('$USER', 'ann');
    for (const kind of KINDS)
      await plane.kubectl(['patch', `${kind}webhookconfiguration`, 'connaisseur-webhook', '-p', text]);
    await plane.waitFor('a pod', async () => (await createPod('by-hand')) === 'pod/by-hand created');
    await plane.waitFor(
      'its end',
      async () => (await createPod('too-late')).includes('failed calling webhook'),
      { seconds: 40 },
    );
    expect(await metric('connaisseur_break_glass_total', { event: 'expired' })).toBeGreaterThan(0);
    expect(JSON.stringify(await rig.webhook('mutating'))).not.toContain('break-glass');
  });

  test('an end of the serving certificate is seen: a new one comes, from the authority that both trust', async () => {
    const other = await rig.secretFile('connaisseur-redis-tls', 'tls.crt');
    const data = { data: { 'tls.crt': Buffer.from(other).toString('base64') } };
    await plane.kubectl(['-n', NAMESPACE, 'patch', 'secret', 'connaisseur-tls', '-p', JSON.stringify(data)]);
    const ca = await rig.secretFile('connaisseur-ca', 'ca.crt');
    await plane.waitFor(
      'a certificate',
      async () => isTrustedBy(await rig.secretFile('connaisseur-tls', 'tls.crt'), ca, new Date()),
      { seconds: 40 },
    );
  });

  test('D09 disarm takes both away, and a keeper that still runs puts nothing back', async () => {
    const { code, stdout, stderr } = await rig.installer('disarm');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('MutatingWebhookConfiguration, ValidatingWebhookConfiguration');
    await new Promise((resolve) => {
      setTimeout(resolve, 12_000);
    });
    expect(
      (await plane.tryKubectl(['get', 'mutatingwebhookconfiguration', 'connaisseur-webhook'])).code,
    ).toBe(1);
    expect(await createPod('afterwards')).toBe('pod/afterwards created');
  });
});

// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// The life of a release as helm and the API server see it: what is never away during an upgrade, and what is left after an
// uninstall (D09).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { Cluster, NAMESPACE } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';
import { manifest, oneContainer } from './manifests.js';
import type { Json } from './node/cluster-api.js';

const KINDS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'] as const;

/** Everything about pods goes into the audit log of the API server. */
const AUDIT = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', verbs: ['create'], resources: [{ group: '', resources: ['pods'] }] }],
};
const AUDIT_FOLDER = mkdtempSync(join(tmpdir(), 'audit-'));
const [AUDIT_POLICY, AUDIT_LOG] = ['policy.json', 'log'].map((name) => join(AUDIT_FOLDER, name)) as [
  string,
  string,
];

let cluster: Cluster;

beforeAll(async () => {
  writeFileSync(AUDIT_POLICY, JSON.stringify(AUDIT));
  cluster = await Cluster.start('1.34', [
    `--audit-policy-file=${AUDIT_POLICY}`,
    `--audit-log-path=${AUDIT_LOG}`,
    '--audit-log-mode=blocking',
  ]);
  await cluster.install();
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(AUDIT_FOLDER, { recursive: true, force: true });
});

const probe = (tag: string) =>
  cluster.plane.tryKubectl(['run', 'probe', `--image=${cluster.images.name(tag)}`, '--dry-run=server']);
const versions = () =>
  cluster.read(
    '{.items[*].metadata.resourceVersion}',
    'secrets',
    '--namespace',
    NAMESPACE,
    '-l',
    'app.kubernetes.io/managed-by=connaisseur',
  );
/** Values that the gateway's metrics have for a name with these labels, added up. */
async function metric(name: string, labels = ''): Promise<number> {
  const lines = (await metrics())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function metrics(): Promise<string> {
  const [gateway] = cluster.node.podsOf('gateway');
  return await (await fetch(`http://${gateway?.address}:5080/metrics`)).text();
}

const configHash = async () => /config_info\{hash="([0-9a-f]+)"/.exec(await metrics())?.[1];
const validatorsWith = (key: string): Json => {
  const { application } = cluster.values();
  return application.validators.map((entry: Json) =>
    entry.name === 'dockerhub' ? { ...entry, trustRoots: [{ name: 'sse', key }] } : entry,
  );
};

/** What the audit log says of the newest pod with this name that was asked for: ours alone, by their last word. */
function audited(name: string): Record<string, string> {
  const entries: Json[] = readFileSync(AUDIT_LOG, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const last = entries.findLast(({ objectRef }) => objectRef?.name === name);
  return Object.fromEntries(
    Object.entries<string>(last?.annotations ?? {}).flatMap(([key, value]) =>
      key.startsWith('connaisseur-svc.connaisseur.svc/') ? [[key.split('/')[1] ?? '', value]] : [],
    ),
  );
}
const uids = () =>
  Promise.all(KINDS.map((kind) => cluster.read('{.metadata.uid}', kind, 'connaisseur-webhook')));

/** Asks all the time while something goes on: one image that is signed and one that is not. */
async function during<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly answers: readonly string[] }> {
  const answers: string[] = [];
  const over = new AbortController();
  const asking = (async () => {
    do {
      for (const tag of ['signed', 'unsigned']) answers.push(`${tag}: ${kindOf(await probe(tag))}`);
    } while (!over.signal.aborted);
  })();
  try {
    return { result: await work(), answers };
  } finally {
    over.abort();
    await asking;
  }
}

function kindOf({ code, stderr }: { code: number; stderr: string }): string {
  if (code === 0) return 'admitted';
  return stderr.includes('denied the request: CNS-1') ? 'denied' : stderr.trim();
}

async function ready(pod: string): Promise<void> {
  await cluster.waitFor(
    `${pod} to run`,
    async () => (await cluster.get('pod', pod, 'default'))?.status.phase === 'Running',
    60,
  );
}

/** As the autoscaler does it: through `scale`, which has no image. */
async function scaleAsHpa(name: string, replicas: number): Promise<void> {
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace: 'default' },
    spec: { replicas },
  };
  const path = `/apis/apps/v1/namespaces/default/statefulsets/${name}/scale`;
  const hpa = '--as=system:serviceaccount:kube-system:horizontal-pod-autoscaler';
  await cluster.plane.kubectl(['replace', '--raw', path, '-f', '-', hpa], JSON.stringify(scale));
}

/** What controllers could not make. */
async function failures(): Promise<readonly string[]> {
  const path = '{range .items[*]}{.message}{"\\n"}{end}';
  return (await cluster.read(path, 'events', '--field-selector=reason=FailedCreate')).split('\n');
}

function isDenialOf(pod: string): (message: string) => boolean {
  return (message) => message.includes(pod) && message.includes('denied the request: CNS-1');
}

const RIGHT = new Set(['signed: admitted', 'unsigned: denied']);

describe('an upgrade', () => {
  test('of the policy is in force without a restart, and no answer is wrong meanwhile', async () => {
    const [before, [pod]] = [await uids(), cluster.node.podsOf('gateway')];
    const { result, answers } = await during(() =>
      cluster.tryUpgrade({ application: { features: { cache: { expirySeconds: 5 } }, logLevel: 'debug' } }),
    );
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(new Set(answers)).toEqual(RIGHT);
    expect(await uids()).toEqual(before);
    expect(cluster.node.podsOf('gateway')[0]?.pod.metadata.uid).toBe(pod?.pod.metadata.uid);
  });

  test('that replaces every pod and changes the webhooks never disarms, and no answer is wrong meanwhile', async () => {
    const [before, keys, [pod]] = [await uids(), await versions(), cluster.node.podsOf('gateway')];
    const kubernetes = {
      deployment: { podAnnotations: { version: 'next' } },
      webhook: { timeoutSeconds: { mutating: 20 } },
    };
    const { result, answers } = await during(() => cluster.tryUpgrade({ kubernetes }));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(new Set(answers)).toEqual(RIGHT);
    expect(await uids()).toEqual(before);
    expect(await cluster.read('{.webhooks[0].timeoutSeconds}', KINDS[0], 'connaisseur-webhook')).toBe('20');
    expect(cluster.node.podsOf('gateway')[0]?.pod.metadata.uid).not.toBe(pod?.pod.metadata.uid);
    // No key and no certificate is another one.
    expect(keys.split(' ').length).toBeGreaterThan(3);
    expect(await versions()).toBe(keys);
    expect(cluster.node.output('installer')).toContain('kept connaisseur-ca');
  });

  test('K51 while the key is trusted, pods that controllers make anew run', async () => {
    for (const name of ['keeps', 'grows']) {
      const set = manifest('StatefulSet', name, oneContainer(cluster.images.name('signed')));
      await expectAdmitted(cluster.create(set));
      await ready(`${name}-0`);
    }
    const uid = await cluster.read('{.metadata.uid}', 'pod', 'keeps-0');
    await cluster.plane.kubectl(['delete', 'pod', 'keeps-0', '--timeout=20s']);
    await ready('keeps-0');
    expect(await cluster.read('{.metadata.uid}', 'pod', 'keeps-0')).not.toBe(uid);
    await scaleAsHpa('grows', 2);
    await ready('grows-1');
  });

  test('with another key: what the old one signed is denied', async () => {
    const validators = validatorsWith(cluster.images.strangersKey);
    expect((await cluster.tryUpgrade({ application: { validators } })).code).toBe(0);
    await cluster.waitFor('the new key', async () => (await probe('wrong')).code === 0);
    await expectDenied(probe('signed'));
  });

  test('K51 after that they are denied, whoever asks, and Events and metrics say so', async () => {
    const before = await metric('connaisseur_decisions_total', 'decision="deny"');
    await cluster.plane.kubectl(['delete', 'pod', 'keeps-0', '--timeout=20s']);
    await scaleAsHpa('grows', 3);
    for (const pod of ['keeps-0', 'grows-2']) {
      await cluster.waitFor(`the refusal of ${pod}`, async () => (await failures()).some(isDenialOf(pod)));
      expect(await cluster.get('pod', pod, 'default')).toBeUndefined();
    }
    expect(await metric('connaisseur_decisions_total', 'decision="deny"')).toBeGreaterThan(before);
    expect(audited('keeps-0')).toMatchObject({ mode: 'enforce', 'config-hash': await configHash() });
    expect(audited('keeps-0')['code']).toMatch(/^CNS-1/);
    // What runs already goes on.
    expect(await cluster.read('{.status.phase}', 'pod', 'grows-0')).toBe('Running');
  });

  test('K51 in detection mode they run, and metrics and the audit log say what they are', async () => {
    const application = {
      validators: validatorsWith(cluster.images.strangersKey),
      features: { detectionMode: true },
    };
    expect((await cluster.tryUpgrade({ application })).code).toBe(0);
    await ready('keeps-0');
    expect(audited('keeps-0')).toMatchObject({ mode: 'detect', 'config-hash': await configHash() });
    expect(audited('keeps-0')['code']).toMatch(/^CNS-1/);
    expect(await metric('connaisseur_decisions_total', 'decision="would-deny"')).toBeGreaterThan(0);
  });

  test('is rolled back by helm, and the old key is in force again', async () => {
    const before = await uids();
    await cluster.plane.helm([
      'rollback',
      'connaisseur',
      // The last one with the old key.
      '3',
      '--namespace',
      NAMESPACE,
      '--wait',
      '--timeout=60s',
    ]);
    await cluster.waitFor('the old key', async () => (await probe('signed')).code === 0);
    await expectDenied(probe('wrong'));
    expect(await uids()).toEqual(before);
  });
});

test('D07 a policy that somebody edits: every decision names the configuration that it was made under', async () => {
  const run = (name: string, image: string) => cluster.plane.tryKubectl(['run', name, `--image=${image}`]);
  const foreign = 'ghcr.example/app:v1';
  const before = await configHash();
  await expectDenied(run('edited', foreign));
  expect(audited('edited')).toMatchObject({ decision: 'refused', 'config-hash': before });
  const { data } = await cluster.get('configmap', 'connaisseur-app-config', NAMESPACE);
  const edit = async (text: string) =>
    await cluster.plane.kubectl([
      'patch',
      'configmap',
      'connaisseur-app-config',
      '--namespace',
      NAMESPACE,
      '-p',
      JSON.stringify({ data: { 'config.yaml': text } }),
    ]);
  await edit(data['config.yaml'].replaceAll('registry.k8s.io/*:*', 'ghcr.example/*:*'));
  await cluster.waitFor('the edited policy', async () => (await configHash()) !== before);
  const after = await configHash();
  await expectAdmitted(run('edited', foreign));
  expect(audited('edited')).toMatchObject({ decision: 'admitted', 'config-hash': after });
  expect(cluster.node.output('gateway')).toContain(`"revision":"${after}"`);
  await edit(data['config.yaml']);
  await cluster.waitFor('the policy of before', async () => (await configHash()) === before);
  await expectDenied(run('edited-again', foreign));
});

test('helm test asks a gateway through the Service', async () => {
  expect(await cluster.plane.helm(['test', 'connaisseur', '--namespace', NAMESPACE])).toContain(
    'Phase:          Succeeded',
  );
  expect(cluster.node.output('test')).toContain('/ready: 200');
});

describe('D09 an uninstall', () => {
  test('disarms first: at no time is a call to a webhook in vain', async () => {
    const { result, answers } = await during(() =>
      cluster.plane.tryHelm([
        'uninstall',
        'connaisseur',
        '--namespace',
        NAMESPACE,
        '--wait',
        '--timeout=60s',
      ]),
    );
    expect(result.code).toBe(0);
    expect(new Set(answers)).toEqual(new Set([...RIGHT, 'unsigned: admitted']));
  });

  test('leaves no webhook, no policy, no right and no pod', async () => {
    const kinds =
      'deployments,services,configmaps,serviceaccounts,jobs,pods,networkpolicies,roles,rolebindings,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses,poddisruptionbudgets';
    const left = () =>
      cluster.plane.kubectl([
        'get',
        kinds,
        '--all-namespaces',
        '--no-headers',
        '--ignore-not-found',
        '-o',
        'custom-columns=KIND:.kind,NAME:.metadata.name',
      ]);
    await cluster.waitFor('the end of all pods', async () => !(await left()).includes('connaisseur'));
  });

  test('of what is left in its namespace, the keys are for the next release and go with the namespace', async () => {
    const secrets = await cluster.read('{.items[*].metadata.name}', 'secrets', '--namespace', NAMESPACE);
    expect(secrets.split(' ').filter((name) => name !== '' && !name.startsWith('connaisseur-'))).toEqual([]);
    await cluster.plane.kubectl(['delete', 'namespace', NAMESPACE, '--timeout=30s']);
  });

  test('can be followed by an install', async () => {
    await cluster.install();
    await expectDenied(probe('unsigned'));
    await expectAdmitted(
      cluster.plane.tryKubectl(['run', 'again', `--image=${cluster.images.name('signed')}`]),
    );
  });
});

afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${cluster.node.logs(25)}\n`);
});

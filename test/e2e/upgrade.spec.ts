// The life of a release as helm and the API server see it: what is never away during an upgrade, and what is left after an
// uninstall (D09).
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { Cluster, NAMESPACE } from './cluster.js';
import { expectAdmitted, expectDenied } from './expect-denied.js';

const KINDS = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'] as const;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.install();
});

afterAll(async () => {
  await cluster?.stop();
});

const probe = (tag: string) =>
  cluster.plane.tryKubectl(['run', 'probe', `--image=${cluster.images.name(tag)}`, '--dry-run=server']);
const versions = () =>
  cluster.read(
    '{.items[*].metadata.resourceVersion}',
    'secrets',
    '--namespace',
    NAMESPACE,
    '--field-selector=type=Opaque',
    '-l',
    'app.kubernetes.io/managed-by=connaisseur',
  );
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
    expect(await versions()).toBe(keys);
    expect(cluster.node.output('installer')).toContain('kept connaisseur-ca');
  });

  test('with another key: what the old one signed is denied', async () => {
    const stranger = cluster.images.strangersKey;
    const { application } = cluster.values();
    const validators = application.validators.map((entry: { name: string }) =>
      entry.name === 'dockerhub' ? { ...entry, trustRoots: [{ name: 'sse', key: stranger }] } : entry,
    );
    expect((await cluster.tryUpgrade({ application: { validators } })).code).toBe(0);
    await cluster.waitFor('the new key', async () => (await probe('wrong')).code === 0);
    await expectDenied(probe('signed'));
  });

  test('is rolled back by helm, and the old key is in force again', async () => {
    const before = await uids();
    await cluster.plane.helm([
      'rollback',
      'connaisseur',
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

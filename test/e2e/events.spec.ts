// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// Kubernetes Events and reports on a real API server, written with the rights that the chart gives and no others.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { System } from '../integration/system.js';
import { type ControlPlane, MINORS, startControlPlane } from '../interop/world/index.js';
import { reportDefinition } from './report-definitions.js';

const configuration = (reports: string): string => `validators:
  - { name: deny, type: static, approve: false }
  - { name: allow, type: static, approve: true }
policy:
  - { pattern: "*:*", validator: deny }
  - { pattern: "registry.test/good:*", validator: allow }
features: { resourceValidationMode: podsOnly, kubernetesEvents: true, policyReports: ${reports} }
`;

/** An Event as kubectl shows it. */
interface CoreEvent {
  readonly reason: string;
  readonly message: string;
  readonly action: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

interface Report {
  readonly metadata: { readonly name: string };
  readonly scope?: { readonly kind: string; readonly name: string };
  readonly summary: Readonly<Record<string, number>>;
  readonly results: readonly { readonly message: string; readonly result: string }[];
}

describe.for(MINORS)('Events and reports on %s', (minor) => {
  let plane: ControlPlane;
  let system: System;

  beforeAll(async () => {
    plane = await startControlPlane({ minor });
    for (const namespace of ['connaisseur', 'shop']) await plane.kubectl(['create', 'namespace', namespace]);
    await apply(reportDefinition('wgpolicyk8s'));
    await plane.kubectl(['apply', '-f', '-'], await rightsOfTheChart(plane));
    const kubeconfig = readFileSync(await plane.kubeconfigFor('connaisseur-alerting', 'connaisseur'), 'utf8');
    system = await System.prepare({ values: configuration('auto'), kubeconfig });
    await Promise.all([system.start('gateway'), system.start('alerting')]);
    await apply(webhooks(system));
    await plane.waitFor('the default service account', async () => {
      const { code } = await plane.tryKubectl(['get', 'serviceaccount', 'default', '-n', 'shop']);
      return code === 0;
    });
    await plane.waitFor('the webhooks in force', async () => {
      const { code } = await run('probe', 'registry.test/probe:v1', '--dry-run=server');
      return code !== 0;
    });
  });

  afterAll(async () => {
    await system?.stop();
    await plane?.stop();
  });

  const apply = async (manifest: unknown): Promise<string> =>
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  const run = (name: string, image: string, ...more: string[]): ReturnType<ControlPlane['tryKubectl']> =>
    plane.tryKubectl(['run', name, '-n', 'shop', `--image=${image}`, ...more]);
  const list = async <T>(resource: string): Promise<readonly T[]> => {
    const text = await plane.kubectl(['get', resource, '-n', 'shop', '-o', 'json']);
    return (JSON.parse(text) as { items: T[] }).items;
  };
  const events = async (image: string): Promise<readonly CoreEvent[]> =>
    (await list<CoreEvent>('events')).filter(
      ({ message, reason }) => reason.startsWith('ImageVerification') && message.includes(image),
    );
  const eventsAbout = async (image: string, count = 1): Promise<readonly CoreEvent[]> =>
    await plane.waitFor(`${count} Events about ${image}`, async () => {
      const found = await events(image);
      return found.length >= count && found;
    });

  test('a denied pod is in `kubectl get events` of its namespace; a dry run is not', async () => {
    expect((await run('dry', 'registry.test/dry:v1', '--dry-run=server')).code).toBe(1);
    for (let index = 0; index < 3; index += 1) {
      expect(await run('bad', 'registry.test/bad:v1')).toMatchObject({ code: 1 });
    }
    await eventsAbout('bad:v1');
    const table = await plane.waitFor('the count', async () => {
      const shown = await plane.kubectl(['get', 'events.events.k8s.io', '-n', 'shop', '-o', 'json']);
      return /"count": 3/.test(shown) && (await plane.kubectl(['get', 'events', '-n', 'shop']));
    });
    expect(table).toMatch(/Warning\s+ImageVerificationFailed\s+namespace\/shop\s+Pod bad denied: CNS-/);
    expect(await events('bad:v1')).toHaveLength(1);
    expect(await events('dry')).toEqual([]);
    expect(await events('probe')).toEqual([]);
  });

  test('`kubectl describe` of a Deployment whose pods are denied says why', async () => {
    await plane.kubectl(['create', 'deployment', 'api', '-n', 'shop', '--image=registry.test/api:v1']);
    await plane.waitFor('the Events of the pods’ owners', async () => {
      const kinds = new Set((await events('api:v1')).map(({ involvedObject }) => involvedObject.kind));
      return kinds.has('Deployment') && kinds.has('ReplicaSet');
    });
    const described = await plane.kubectl(['describe', 'deployment', 'api', '-n', 'shop']);
    expect(described).toMatch(
      /Warning\s+ImageVerificationFailed.*connaisseur.*Pod api-[a-z0-9]+- denied: CNS-/,
    );
    // The Deployment itself was let in, because only pods are enforced.
    const actions = (await events('api:v1')).map(({ action }) => action);
    expect(new Set(actions)).toEqual(new Set(['Deny', 'WouldDeny']));
  });

  test('reports say what is, and go with what they are about', async () => {
    expect((await run('good', 'registry.test/good:v1')).code).toBe(0);
    const reports = await plane.waitFor('the reports', async () => {
      const found = await list<Report>('policyreports');
      const names = found.map(({ scope }) => scope?.name ?? 'denied');
      return ['denied', 'good', 'api'].every((name) => names.includes(name)) && found;
    });
    const of = (name: string): Report | undefined =>
      reports.find(({ scope }) => (scope?.name ?? 'denied') === name);
    expect(of('good')).toMatchObject({ summary: { skip: 1 }, results: [{ result: 'skip' }] });
    expect(of('api')).toMatchObject({ scope: { kind: 'Deployment' }, summary: { warn: 1 } });
    const denied = (of('denied')?.results ?? []).map(({ message }) => message);
    expect(denied.filter((message) => message.includes('bad:v1'))).toHaveLength(1);
    expect(denied.filter((message) => message.includes('dry:v1'))).toEqual([]);
    await plane.kubectl(['delete', 'pod', 'good', '-n', 'shop', '--wait=false', '--force']);
    await plane.waitFor(
      'the report’s end',
      async () => {
        const found = await list<Report>('policyreports');
        return !found.some(({ scope }) => scope?.name === 'good');
      },
      { seconds: 90 },
    );
  });

  test('P19: images with control characters and of 10 KB break no Event and no report', async () => {
    const hostile = [`registry.test/evil\u001b[2J\u202e:v1`, `registry.test/long-${'x'.repeat(10_000)}:v1`];
    for (const [index, image] of hostile.entries()) {
      const metadata = { name: `hostile-${index}`, namespace: 'shop' };
      const spec = { containers: [{ name: 'app', image }] };
      const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
      expect((await plane.tryKubectl(['create', '-f', '-'], pod)).code).toBe(1);
    }
    const found = [...(await eventsAbout('hostile-0')), ...(await eventsAbout('hostile-1'))];
    for (const { message } of found) expect(message).toMatch(/^[\x20-\x7e]{1,1024}$/);
    await plane.waitFor('the results', async () => {
      const text = JSON.stringify(await list<Report>('policyreports'));
      return text.includes('hostile-0') && text.includes('hostile-1');
    });
    expect(await system.metric('alerting', 'connaisseur_kubernetes_events_total', 'failed')).toBe(0);
    expect(await system.metric('alerting', 'connaisseur_policy_reports_total', 'failed')).toBe(0);
  });

  test('OpenReports too, after a change of the configuration', async () => {
    await apply(reportDefinition('openreports'));
    await plane.kubectl([
      'wait',
      '--for=condition=Established',
      'crd/reports.openreports.io',
      '--timeout=30s',
    ]);
    writeFileSync(join(system.directory, 'config', 'config.yaml'), configuration('openreports'));
    await plane.waitFor('a report', async () => {
      await run('again', 'registry.test/again:v1');
      return (await list<Report>('reports.openreports.io')).length > 0;
    });
  });

  test.for<{ verb: string; resource: string; namespace?: string; may: 'yes' | 'no' }>([
    { verb: 'create', resource: 'events.events.k8s.io', may: 'yes' },
    { verb: 'patch', resource: 'events.events.k8s.io', may: 'yes' },
    { verb: 'get', resource: 'replicasets.apps', may: 'yes' },
    { verb: 'get', resource: 'jobs.batch', may: 'yes' },
    ...['get', 'create', 'patch'].flatMap((verb) => [
      { verb, resource: 'policyreports.wgpolicyk8s.io', may: 'yes' as const },
    ]),
    { verb: 'get', resource: 'events', may: 'no' },
    { verb: 'delete', resource: 'events.events.k8s.io', may: 'no' },
    { verb: 'list', resource: 'policyreports.wgpolicyk8s.io', may: 'no' },
    { verb: 'delete', resource: 'policyreports.wgpolicyk8s.io', may: 'no' },
    { verb: 'list', resource: 'replicasets.apps', may: 'no' },
    { verb: 'get', resource: 'secrets', may: 'no' },
    { verb: 'get', resource: 'secrets', namespace: 'connaisseur', may: 'no' },
    { verb: 'get', resource: 'pods', may: 'no' },
    { verb: 'create', resource: 'pods', may: 'no' },
    { verb: 'get', resource: 'namespaces', may: 'no' },
    { verb: 'patch', resource: 'deployments.apps', may: 'no' },
  ])('alerting may $verb $resource: $may', async ({ verb, resource, namespace = 'shop', may }) => {
    const own = await plane.kubeconfigFor('connaisseur-alerting', 'connaisseur');
    const asked = ['--kubeconfig', own, 'auth', 'can-i', verb, resource, '-n', namespace];
    expect((await plane.tryKubectl(asked)).stdout.trim()).toBe(may);
  });
});

/** The chart's ServiceAccounts, Roles and bindings with Events and reports on, as helm renders them. */
async function rightsOfTheChart(plane: ControlPlane): Promise<string> {
  const on = ['kubernetesEvents=true', 'policyReports=auto'].map((key) => `application.features.${key}`);
  const set = on.flatMap((one) => ['--set', one]);
  const place = ['--namespace', 'connaisseur', '--kube-version', `${plane.minor}.0`];
  const chart = join(import.meta.dirname, '..', '..', 'deploy', 'chart');
  return await plane.helm(['template', 'connaisseur', chart, ...place, ...set, '-s', 'templates/rbac.yaml']);
}

function webhooks({ ca, gatewayPort }: System): unknown {
  const configurationOf = (kind: string, path: string): unknown => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'connaisseur-webhook' },
    webhooks: [
      {
        name: 'connaisseur-svc.connaisseur.svc',
        admissionReviewVersions: ['v1'],
        sideEffects: 'NoneOnDryRun',
        failurePolicy: 'Fail',
        timeoutSeconds: 10,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['deployments', 'replicasets'],
          },
        ],
        clientConfig: {
          url: `https://127.0.0.1:${gatewayPort}/${path}`,
          caBundle: Buffer.from(ca).toString('base64'),
        },
      },
    ],
  });
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      configurationOf('MutatingWebhookConfiguration', 'mutate'),
      configurationOf('ValidatingWebhookConfiguration', 'validate'),
    ],
  };
}

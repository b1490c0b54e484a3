// Over 200 lines: its cases share one installation, which takes longer to start than all of them to run.
// The control plane that the other tests of this folder stand on, by itself.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { TestAuthority } from '#testing';

import { type ControlPlane, MINORS, startControlPlane } from '../interop/world/index.js';

const IMAGE = 'registry.test/app:v1';

describe.for(MINORS)('a control plane of %s', (minor) => {
  let plane: ControlPlane;
  let webhook: RefusingWebhook;

  beforeAll(async () => {
    plane = await startControlPlane({ minor });
    webhook = await RefusingWebhook.start();
  });

  afterAll(async () => {
    await webhook?.stop();
    await plane?.stop();
  });

  test('says its minor', async () => {
    const { serverVersion } = JSON.parse(await plane.kubectl(['version', '-o', 'json'])) as {
      serverVersion: { gitVersion: string };
    };
    expect(serverVersion.gitVersion).toMatch(new RegExp(`^v${minor.replace('.', '\\.')}\\.`));
  });

  test('a Deployment’s pods run, made by the real controllers', async () => {
    await plane.kubectl(['create', 'deployment', 'app', `--image=${IMAGE}`, '--replicas=2']);
    await plane.kubectl(['rollout', 'status', 'deployment/app', '--timeout=60s']);
    const pods = JSON.parse(await plane.kubectl(['get', 'pods', '-l', 'app=app', '-o', 'json'])) as PodList;
    expect(pods.items.map(({ status }) => status.phase)).toEqual(['Running', 'Running']);
    expect(pods.items.map(({ metadata }) => metadata.ownerReferences?.[0]?.kind)).toEqual([
      'ReplicaSet',
      'ReplicaSet',
    ]);
    expect(pods.items.map(({ spec }) => spec.nodeName)).toEqual(['node-1', 'node-1']);
  });

  test('a pod gets the pull secrets of its service account', async () => {
    await plane.kubectl(['create', 'serviceaccount', 'puller']);
    await plane.kubectl([
      'patch',
      'serviceaccount',
      'puller',
      '-p',
      '{"imagePullSecrets":[{"name":"registry-password"}]}',
    ]);
    await plane.kubectl([
      'run',
      'pulling',
      `--image=${IMAGE}`,
      '--overrides={"spec":{"serviceAccountName":"puller"}}',
    ]);
    const secrets = await plane.kubectl(['get', 'pod', 'pulling', '-o', 'jsonpath={.spec.imagePullSecrets}']);
    expect(JSON.parse(secrets)).toEqual([{ name: 'registry-password' }]);
  });

  test('a pod may mount an image', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'mounting' },
      spec: {
        containers: [{ name: 'app', image: IMAGE, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', image: { reference: 'registry.test/data:v1' } }],
      },
    };
    await plane.kubectl(['create', '-f', '-'], JSON.stringify(pod));
    const volume = 'jsonpath={.spec.volumes[?(@.name=="data")].image.reference}';
    expect(await plane.kubectl(['get', 'pod', 'mounting', '-o', volume])).toBe('registry.test/data:v1');
  });

  test('a service account may do what its role says and nothing else', async () => {
    await plane.kubectl(['create', 'serviceaccount', 'reader']);
    await plane.kubectl(['create', 'role', 'reader', '--verb=get', '--resource=configmaps']);
    await plane.kubectl([
      'create',
      'rolebinding',
      'reader',
      '--role=reader',
      '--serviceaccount=default:reader',
    ]);
    const kubeconfig = await plane.kubeconfigFor('reader');
    const canI = async (...args: string[]): Promise<string> =>
      (await plane.tryKubectl(['--kubeconfig', kubeconfig, 'auth', 'can-i', ...args])).stdout.trim();
    expect(await canI('get', 'configmaps')).toBe('yes');
    expect(await canI('get', 'secrets')).toBe('no');
    expect(
      await plane.kubectl([
        '--kubeconfig',
        kubeconfig,
        'auth',
        'whoami',
        '-o',
        'jsonpath={.status.userInfo.username}',
      ]),
    ).toBe('system:serviceaccount:default:reader');
  });

  test('helm installs and waits; a hook’s Job succeeds without having run', async () => {
    const chart = join(plane.folder, 'chart');
    await mkdir(join(chart, 'templates'), { recursive: true });
    for (const [file, content] of Object.entries(CHART))
      await writeFile(join(chart, file), JSON.stringify(content));
    await plane.helm(['install', 'small', chart, '--namespace', 'small', '--create-namespace', '--wait']);
    const status = ['get', 'deployment/small', 'job/small', '--namespace', 'small', '-o'];
    const counts = 'jsonpath={.items[*].status.readyReplicas} {.items[*].status.succeeded}';
    expect(await plane.kubectl([...status, counts])).toBe('1 1');
    await plane.helm(['uninstall', 'small', '--namespace', 'small', '--wait']);
    expect((await plane.tryKubectl(['get', 'deployment/small', '--namespace', 'small'])).code).toBe(1);
  });

  test('a webhook on this machine is called through its Service, under the Service’s name', async () => {
    await plane.kubectl(['create', 'namespace', 'hooked']);
    await plane.kubectl([
      'create',
      'service',
      'clusterip',
      'refuser',
      '--tcp=443:5000',
      '--namespace',
      'hooked',
    ]);
    await plane.kubectl(['create', '-f', '-'], JSON.stringify(webhook.configuration()));
    const create = (name: string) => plane.tryKubectl(['create', 'configmap', name, '--namespace', 'hooked']);
    const unreachable = await plane.waitFor('the webhook in force', async () => {
      const result = await create(`early-${Date.now()}`);
      return result.code !== 0 && result;
    });
    expect(unreachable.stderr).toContain('no endpoints available for service "refuser"');

    await plane.routeService('hooked', 'refuser', webhook.port);
    const refused = await plane.waitFor('the route', async () => {
      const result = await create('late');
      return !result.stderr.includes('no endpoints') && result;
    });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('denied the request: no') });
    expect(webhook.serverNames).toEqual(new Set(['refuser.hooked.svc']));

    await webhook.stop();
    expect((await create('dead')).stderr).toContain('failed calling webhook');
    webhook = await RefusingWebhook.start(webhook);
    await plane.routeService('hooked', 'refuser', webhook.port);
    expect((await create('risen')).stderr).toContain('denied the request: no');
  });
});

test('what a control plane needs ends with it', async () => {
  const plane = await startControlPlane({ withControllers: false, withNodes: false });
  const { server } = plane;
  await plane.stop();
  await expect(fetch(server)).rejects.toThrow();
});

const POD = { containers: [{ name: 'app', image: IMAGE }] };
/** A Deployment and a Job that helm waits for before it. */
const CHART = {
  'Chart.yaml': { apiVersion: 'v2', name: 'small', version: '0.0.1' },
  'templates/deployment.yaml': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'small' },
    spec: {
      selector: { matchLabels: { app: 'small' } },
      template: { metadata: { labels: { app: 'small' } }, spec: POD },
    },
  },
  'templates/job.yaml': {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'small', annotations: { 'helm.sh/hook': 'pre-install' } },
    spec: { template: { spec: { ...POD, restartPolicy: 'Never' } } },
  },
};

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly ownerReferences?: readonly { readonly kind: string }[] };
    readonly spec: { readonly nodeName?: string };
    readonly status: { readonly phase: string };
  }[];
}

/** A validating webhook for config maps of the namespace `hooked`, which says no. */
class RefusingWebhook {
  readonly serverNames = new Set<string>();
  readonly #authority: TestAuthority;
  readonly #server: Server;

  private constructor(authority: TestAuthority) {
    this.#authority = authority;
    this.#server = createServer(this.#authority.issue(['refuser.hooked.svc']), (request, response) => {
      void (async () => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const { request: review } = JSON.parse(body) as { request: { uid: string } };
        const answer = { uid: review.uid, allowed: false, status: { message: 'no' } };
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
        );
      })();
    });
    this.#server.on('secureConnection', (socket) => this.serverNames.add(String(socket.servername)));
  }

  /** On a port of its own; known to whoever trusts `before`, if there is one. */
  static async start(before?: RefusingWebhook): Promise<RefusingWebhook> {
    const webhook = new RefusingWebhook(before === undefined ? new TestAuthority() : before.#authority);
    webhook.#server.listen(0, '127.0.0.1');
    await once(webhook.#server, 'listening');
    return webhook;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the webhook does not listen');
    return address.port;
  }

  configuration(): unknown {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'refuser' },
      webhooks: [
        {
          name: 'refuser.hooked.svc',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 5,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'hooked' } },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
          ],
          clientConfig: {
            service: { namespace: 'hooked', name: 'refuser', path: '/validate', port: 443 },
            caBundle: Buffer.from(this.#authority.pem).toString('base64'),
          },
        },
      ],
    };
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

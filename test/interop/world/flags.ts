import { glob, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { PlaneCredentials } from './credentials.js';

/** Durability costs a test a third of its time and gives it nothing. */
export function etcdFlags(ports: { client: number; peer: number }, dataFolder: string): readonly string[] {
  const client = `http://127.0.0.1:${ports.client}`;
  const peer = `http://127.0.0.1:${ports.peer}`;
  return [
    `--data-dir=${dataFolder}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerFlags(parts: {
  readonly port: number;
  readonly etcdPort: number;
  readonly credentials: PlaneCredentials;
}): readonly string[] {
  const { authority, server, serviceAccount } = parts.credentials;
  return [
    `--etcd-servers=http://127.0.0.1:${parts.etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${parts.port}`,
    // An address of documentation: nobody is to be led here, and a machine without a default route has none to guess.
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${server.cert}`,
    `--tls-private-key-file=${server.key}`,
    `--client-ca-file=${authority}`,
    `--service-account-key-file=${serviceAccount.publicKey}`,
    `--service-account-signing-key-file=${serviceAccount.key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--feature-gates=ImageVolume=true',
    '--allow-privileged=true',
    // Webhooks of a Service are called at its endpoint and not at its cluster address, which leads nowhere here.
    '--enable-aggregator-routing=true',
  ];
}

/**
 * Without the controllers of endpoints: they would name pods that nobody runs, beside the endpoints that
 * `routeService` makes by hand.
 */
export function controllerManagerFlags(kubeconfig: string, credentials: PlaneCredentials): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${credentials.serviceAccount.key}`,
    `--root-ca-file=${credentials.authority}`,
    '--use-service-account-credentials=true',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--leader-elect=false',
    '--secure-port=0',
    '--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller',
  ];
}

export function schedulerFlags(kubeconfig: string): readonly string[] {
  return [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
}

/** What kwok plays: nodes that are ready and stay so, pods that run at once; but for the pods that `notPods` describes. */
export async function kwokFlags(
  kubeconfig: string,
  stages: string,
  notPods?: { readonly label: PodLabel; readonly folder: string },
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const folder of ['node/fast', 'node/heartbeat', 'pod/fast']) {
    for await (const file of glob('*.yaml', { cwd: join(stages, folder) }))
      if (file !== 'kustomization.yaml') files.push(join(stages, folder, file));
  }
  const ours =
    notPods === undefined ? files : await Promise.all(files.map((file) => exceptFor(file, notPods)));
  return [`--kubeconfig=${kubeconfig}`, '--manage-all-nodes=true', ...ours.map((file) => `--config=${file}`)];
}

export interface PodLabel {
  readonly key: string;
  readonly value: string;
}

/** A copy of a pod's stage that leaves pods with a label alone. Their deletion stays kwok's. */
async function exceptFor(
  file: string,
  { label, folder }: { label: PodLabel; folder: string },
): Promise<string> {
  if (!/pod-(?:ready|complete)\.yaml$/.test(file)) return file;
  const list = '    matchExpressions:\n';
  const condition = `    - key: '.metadata.labels["${label.key}"]'\n      operator: 'NotIn'\n      values:\n      - '${label.value}'\n`;
  const copy = join(folder, basename(file));
  await writeFile(copy, (await readFile(file, 'utf8')).replace(list, `${list}${condition}`));
  return copy;
}

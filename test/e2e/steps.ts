import type { CommandResult } from '../interop/world/index.js';
import { Cluster } from './cluster.js';

/** One thing that is done on a fresh cluster; it throws when that fails. */
export interface Step {
  readonly name: string;
  run(cluster: Cluster, person: Person): Promise<void>;
}

/** Reads what is typed and what comes back. */
export interface Person {
  read(line: string, answer: string): void;
}

const SIGNED = 'docker.io/securesystemsengineering/testimage:signed';
const UNSIGNED = 'docker.io/securesystemsengineering/testimage:unsigned';
const DENIED = 'Error from server: admission webhook "connaisseur-svc.connaisseur.svc" denied the request: ';

/** What `npm run e2e` does, in order: upstream's quick start. `--help` lists the names. */
export const STEPS: readonly Step[] = [
  { name: 'helm installs the chart', run: install },
  { name: 'an unsigned image is denied', run: denyUnsigned },
  { name: 'a signed image is created and runs, pinned to its digest', run: runSigned },
];

async function install(cluster: Cluster, person: Person): Promise<void> {
  const result = await cluster.tryInstall();
  person.read(
    'helm install connaisseur deploy/chart --atomic --create-namespace --namespace connaisseur --values values.yaml',
    result.stdout + result.stderr,
  );
  if (result.code !== 0) throw new Error(`helm install failed\n${cluster.node.logs()}`);
  await kubectl(cluster, person, 'get pods --namespace connaisseur');
}

async function denyUnsigned(cluster: Cluster, person: Person): Promise<void> {
  const { stderr } = await kubectl(cluster, person, `run demo --image=${UNSIGNED}`);
  if (!stderr.startsWith(DENIED)) throw new Error(`expected ${DENIED}…\n${cluster.node.logs()}`);
}

async function runSigned(cluster: Cluster, person: Person): Promise<void> {
  const { stdout } = await kubectl(cluster, person, `run demo --image=${SIGNED}`);
  if (stdout !== 'pod/demo created\n') throw new Error(`expected pod/demo created\n${cluster.node.logs()}`);
  await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/demo', '--timeout=30s']);
  await kubectl(cluster, person, 'get pods');
  const image = await kubectl(cluster, person, 'get pod demo -o jsonpath={.spec.containers[0].image}');
  if (!/@sha256:[0-9a-f]{64}$/.test(image.stdout)) throw new Error('expected an image with a digest');
}

async function kubectl(cluster: Cluster, person: Person, line: string): Promise<CommandResult> {
  const result = await cluster.plane.tryKubectl(line.split(' '));
  person.read(`kubectl ${line}`, result.stdout + result.stderr);
  return result;
}

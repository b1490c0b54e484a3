import { type ControlPlane, type Minor, startControlPlane } from '../interop/world/index.js';

/** A cluster to try things on. */
export interface Cluster {
  readonly plane: ControlPlane;
}

/** One thing that is done on a fresh cluster; it throws when that fails. */
export interface Step {
  readonly name: string;
  run(cluster: Cluster): Promise<void>;
}

/** Brings up a control plane with controllers and a node. */
export async function bringUp(minor: Minor): Promise<Cluster> {
  return { plane: await startControlPlane({ minor }) };
}

/** What `npm run e2e` does after that, in order. `--help` lists the names. */
export const STEPS: readonly Step[] = [
  { name: 'a Deployment of one image becomes available', run: deploymentBecomesAvailable },
];

async function deploymentBecomesAvailable({ plane }: Cluster): Promise<void> {
  await plane.kubectl(['create', 'deployment', 'hello', '--image=registry.test/hello:v1']);
  await plane.kubectl(['rollout', 'status', 'deployment/hello', '--timeout=60s']);
  await plane.kubectl(['delete', 'deployment', 'hello']);
}

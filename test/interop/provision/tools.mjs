// Every tool that `provision.mjs` knows, the quick ones first: what is slow should not hide what is missing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { toolFolder } from './cache.mjs';
import { etcd } from './etcd.mjs';
import { helm } from './helm.mjs';
import { notary, redis } from './installed.mjs';
import { kubectl } from './kubectl.mjs';
import { kubernetesProgram } from './kubernetes.mjs';
import { kwok } from './kwok.mjs';

/** API servers of two minors; the controller manager and the scheduler may be one minor older than the API server. */
const CONTROLLERS = 'v1.34.4';
export const API_SERVERS = { 1.34: CONTROLLERS, 1.35: 'v1.35.4' };

export const TOOLS = [
  redis,
  notary,
  etcd,
  kubectl,
  helm,
  kwok,
  ...Object.values(API_SERVERS).map((version) => kubernetesProgram('kube-apiserver', version)),
  kubernetesProgram('kube-controller-manager', CONTROLLERS),
  kubernetesProgram('kube-scheduler', CONTROLLERS),
];

/** Whether a tool can be used now. */
export function isThere(tool) {
  if (tool.isThere !== undefined) return tool.isThere();
  return tool.files.every((file) => existsSync(join(toolFolder(tool), file)));
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { API_SERVERS, toolFolder, TOOLS } from '#provision';

/** A minor of Kubernetes whose API server `provision` builds. */
export type Minor = keyof typeof API_SERVERS;

export const MINORS: readonly Minor[] = ['1.34', '1.35'];

/** The programs of one control plane, as absolute paths. */
export interface PlaneTools {
  readonly etcd: string;
  readonly kubectl: string;
  readonly helm: string;
  readonly kwok: string;
  readonly kwokStages: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
}

/** What a control plane of this minor needs, or the one command that gets what is missing. */
export function findPlaneTools(
  minor: Minor,
  { withControllers = true, withNodes = true } = {},
): PlaneTools | { readonly reason: string } {
  const missing: string[] = [];
  const find = (name: string, file = name, version?: string): string => {
    const path = toolPath(name, file, version);
    if (path !== undefined) return path;
    missing.push(version === undefined ? name : `${name} ${version}`);
    return '';
  };
  const findFor = (wanted: boolean, name: string, file = name): string => (wanted ? find(name, file) : '');
  const tools: PlaneTools = {
    etcd: find('etcd'),
    kubectl: find('kubectl'),
    helm: find('helm'),
    kwok: findFor(withNodes, 'kwok'),
    kwokStages: findFor(withNodes, 'kwok', 'kustomize/stage'),
    apiServer: find('kube-apiserver', 'kube-apiserver', API_SERVERS[minor]),
    controllerManager: findFor(withControllers, 'kube-controller-manager'),
    scheduler: findFor(withNodes, 'kube-scheduler'),
  };
  if (missing.length === 0) return tools;
  return {
    reason: `${[...new Set(missing)].join(', ')} missing: run npm run provision (about ten minutes, once)`,
  };
}

/** Path of a file of a provisioned tool, or `undefined` where it was not provisioned. */
export function toolPath(name: string, file = name, version?: string): string | undefined {
  const tool = TOOLS.find(
    (known) => known.name === name && (version === undefined || known.version === version),
  );
  if (tool === undefined) throw new Error(`no tool ${name} ${version ?? ''} is known to provision`);
  const path = join(toolFolder(tool), file);
  return existsSync(path) ? path : undefined;
}

// Nodes and kubelets that are not there: pods become Running without a container.
import { copyOfModule, goInstall } from './go.mjs';

const module = 'sigs.k8s.io/kwok';
const version = 'v0.8.0';
/** What kwok plays, as files of its own module. */
const STAGES = ['node/fast', 'node/heartbeat', 'pod/fast'].map((name) => `kustomize/stage/${name}`);

export const kwok = {
  name: 'kwok',
  version,
  files: ['kwok', ...STAGES],
  verb: 'built',
  make: async ({ scratch, finished }) => {
    await goInstall({ source: `${module}/cmd/kwok`, version, scratch, finished });
    await copyOfModule({ module, version, scratch, from: STAGES, to: finished });
  },
};

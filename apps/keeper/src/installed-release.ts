import type { KubernetesObject } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { PART_OF, PART_OF_US } from './places.js';
import { webhooksOf } from './webhook-manifests.js';

const INSTANCE = 'app.kubernetes.io/instance';

export interface InstalledRelease {
  readonly release: string;
  readonly namespace: string;
}

/** For which release a webhook configuration of ours is there; what it does not say is as in the settings. */
export function releaseOf(live: KubernetesObject, { release, namespace }: ClusterSettings): InstalledRelease {
  return {
    release: live.labels.get(INSTANCE) ?? release,
    namespace: webhooksOf(live.body)[0]?.name.split('.')[1] ?? namespace,
  };
}

/** True for a webhook configuration of this release; false for another one's and for what is not ours at all. */
export function isOfThisRelease(live: KubernetesObject, settings: ClusterSettings): boolean {
  const installed = releaseOf(live, settings);
  return (
    live.labels.get(PART_OF) === PART_OF_US &&
    installed.release === settings.release &&
    installed.namespace === settings.namespace
  );
}

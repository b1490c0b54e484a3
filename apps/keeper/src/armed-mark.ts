import { type KubernetesApi, orAbsent } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { leasePlace, ourLabels } from './places.js';

const ARMED = 'securesystemsengineering.connaisseur/armed';

/**
 * Whether the webhooks shall be there: before the first `arm` and after `disarm` the keeper leaves a configuration that is
 * missing alone, so that an installation never arms itself early and an uninstallation leaves nothing behind.
 */
export async function markArmed(
  api: KubernetesApi,
  settings: ClusterSettings,
  isArmed: boolean,
  signal: AbortSignal,
): Promise<void> {
  const manifest = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leasePlace(settings).name,
      namespace: settings.namespace,
      labels: ourLabels(settings, 'keeper'),
      annotations: { [ARMED]: String(isArmed) },
    },
  };
  await api.apply(leasePlace(settings), manifest, { fieldManager: 'connaisseur-arm', force: true }, signal);
}

/** False before the first `arm` and after `disarm`, and where the mark was taken away. */
export async function isArmed(
  api: KubernetesApi,
  settings: ClusterSettings,
  signal: AbortSignal,
): Promise<boolean> {
  const lease = await orAbsent(api.get(leasePlace(settings), signal));
  return lease?.annotations.get(ARMED) === 'true';
}

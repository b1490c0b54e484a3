import type { ControllerOwner, ForeignObject } from '#admission';
import { type KubernetesError, LiveOwners, NamespaceLabels, openKubernetesApi } from '#kubernetes';

import type { LabelsOf } from './admission/namespace-rules.js';
import type { GatewayOptions } from './gateway-options.js';

/** What a gateway asks the API server. Nothing is known where it has no way to it. */
export interface ClusterView {
  findOwner(owner: ControllerOwner, signal: AbortSignal): Promise<ForeignObject | undefined>;
  readonly labelsOf: LabelsOf;
}

interface Readers {
  readonly owners: LiveOwners;
  readonly labels: NamespaceLabels;
}

/** After a failure to open the API nobody tries for this long, ms. */
const RETRY_MS = 30_000;

/**
 * The API server, opened when something first needs it: a gateway whose features ask nothing never loads a client, and
 * one without a cluster runs without the features.
 */
export function createCluster({ kubernetes, log }: Pick<GatewayOptions, 'kubernetes' | 'log'>): ClusterView {
  let opened: Promise<Readers | undefined> | undefined;
  let notBefore = 0;
  const onFailure = ({ reason, message }: KubernetesError): void =>
    log.warn({ reason, detail: message }, 'the API server could not be asked; images are verified instead');
  const open = async (): Promise<Readers | undefined> => {
    if (kubernetes === undefined) return undefined;
    try {
      const { api } = await openKubernetesApi(kubernetes);
      const parts = { api, monotonic: () => performance.now(), onFailure };
      return { owners: new LiveOwners(parts), labels: new NamespaceLabels(parts) };
    } catch (error) {
      log.warn({ err: error }, 'no way to the API server; images are verified instead');
      notBefore = performance.now() + RETRY_MS;
      opened = undefined;
      return undefined;
    }
  };
  const readers = async (): Promise<Readers | undefined> => {
    if (opened === undefined && performance.now() < notBefore) return undefined;
    return await (opened ??= open());
  };
  return {
    findOwner: async (owner, signal) => await (await readers())?.owners.find(owner, signal),
    labelsOf: async (namespace, signal) => await (await readers())?.labels.of(namespace, signal),
  };
}

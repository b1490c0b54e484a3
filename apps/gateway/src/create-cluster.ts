import type { ControllerOwner, ForeignObject } from '#admission';
import type { Features } from '#config';
import { type KubernetesError, LiveOwners, NamespaceLabels, openKubernetesApi } from '#kubernetes';

import type { LabelsOf } from './admission/namespace-rules.js';
import type { GatewayOptions } from './gateway-options.js';

/** What a gateway asks the API server. Nothing is known where it has no way to it. */
export interface ClusterView {
  /** Opens the way where features need it, so that the first admission does not wait for that. Never throws. */
  prepare(features: Features): void;
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
    prepare: (features) => {
      if (!needsCluster(features)) return;
      if (kubernetes === undefined) log.info({}, 'no way to an API server: owners and labels are not read');
      else void readers();
    },
    findOwner: async (owner, signal) => await (await readers())?.owners.find(owner, signal),
    labelsOf: async (namespace, signal) => await (await readers())?.labels.of(namespace, signal),
  };
}

/** Names need nobody; labels and live owners do. */
function needsCluster({
  automaticChildApproval,
  resourceValidationMode,
  insecureDetectOnlyIn,
}: Features): boolean {
  const approvesChildren = automaticChildApproval && resourceValidationMode !== 'podsOnly';
  return approvesChildren || insecureDetectOnlyIn?.namespaceSelector !== undefined;
}

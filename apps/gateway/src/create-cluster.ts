import type { ControllerOwner, ForeignObject } from '#admission';
import type { Features } from '#config';
import {
  type KubernetesError,
  LiveOwners,
  NamespaceLabels,
  openKubernetesApi,
  type PullSecretFormat,
  PullSecrets,
} from '#kubernetes';
import { PullSecretEntries } from '#registry';

import type { LabelsOf } from './admission/namespace-rules.js';
import type { PullSecretReader } from './admission/workload-credentials.js';
import type { GatewayOptions } from './gateway-options.js';

/** What a gateway asks the API server. Nothing is known where it has no way to it. */
export interface ClusterView {
  /** Opens the way where features need it, so that the first admission does not wait for that. Never throws. */
  prepare(features: Features): void;
  findOwner(owner: ControllerOwner, signal: AbortSignal): Promise<ForeignObject | undefined>;
  readonly labelsOf: LabelsOf;
  readonly pullSecrets: PullSecretReader;
}

interface Readers {
  readonly owners: LiveOwners;
  readonly labels: NamespaceLabels;
  readonly pullSecrets: PullSecretReader;
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
      const parse = (text: string, format: PullSecretFormat): PullSecretEntries =>
        new PullSecretEntries(text, format);
      return {
        owners: new LiveOwners(parts),
        labels: new NamespaceLabels(parts),
        pullSecrets: new PullSecrets({ ...parts, parse }),
      };
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
      if (kubernetes === undefined)
        log.info({}, 'no way to an API server: owners, labels and pull secrets are not read');
      else void readers();
    },
    findOwner: async (owner, signal) => await (await readers())?.owners.find(owner, signal),
    labelsOf: async (namespace, signal) => await (await readers())?.labels.of(namespace, signal),
    pullSecrets: {
      read: async (namespace, names, signal) =>
        (await (await readers())?.pullSecrets.read(namespace, names, signal)) ??
        names.map((name) => ({ kind: 'unread', name })),
      namesOf: async (namespace, account, signal) =>
        (await (await readers())?.pullSecrets.namesOf(namespace, account, signal)) ?? {
          names: [],
          isSure: false,
        },
    },
  };
}

/** Names need nobody; labels, live owners and pull secrets do. */
function needsCluster({
  automaticChildApproval,
  resourceValidationMode,
  insecureDetectOnlyIn,
  imagePullSecrets,
}: Features): boolean {
  const approvesChildren = automaticChildApproval && resourceValidationMode !== 'podsOnly';
  const readsLabels = insecureDetectOnlyIn?.namespaceSelector !== undefined;
  return approvesChildren || readsLabels || imagePullSecrets !== undefined;
}

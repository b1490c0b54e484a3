import { type KubernetesError, orAbsent } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import type { JsonObject } from './kubernetes-object.js';
import { orUntold, RecentAnswers } from './recent-answers.js';
import { apiVersionOf, KINDS, type ResourceKind } from './resource.js';

/** Which workload is asked for. Kind and version are looked up in a table, never put into a URL. */
export interface OwnerName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface LiveOwnersOptions {
  readonly api: Pick<KubernetesApi, 'get'>;
  /** A clock that nobody sets, ms. */
  readonly monotonic: () => number;
  /** Why an owner could not be read; one that is not there is no fault. */
  readonly onFailure: (error: KubernetesError) => void;
}

/** The kinds that a built-in controller makes something from. */
const OWNERS: readonly ResourceKind[] = [
  KINDS.deployment,
  KINDS.replicaSet,
  KINDS.daemonSet,
  KINDS.statefulSet,
  KINDS.replicationController,
  KINDS.job,
  KINDS.cronJob,
];

/** A rollout makes its pods within moments; what is older is read again, ms. */
const BOUNDS = { freshMs: 2_000, maxKept: 64, maxAtOnce: 32 };

/** Owners as the API server has them, each read once for all the children that come at the same time. */
export class LiveOwners {
  readonly #options: LiveOwnersOptions;
  readonly #recent: RecentAnswers<JsonObject>;

  constructor(options: LiveOwnersOptions) {
    const { monotonic } = options;
    this.#options = options;
    this.#recent = new RecentAnswers({ ...BOUNDS, monotonic });
  }

  /** The owner of this name, if it lives with this UID; nothing where it does not, or where nobody could tell (K30). */
  async find(owner: OwnerName, signal: AbortSignal): Promise<JsonObject | undefined> {
    const kind = OWNERS.find(
      (entry) => entry.kind === owner.kind && apiVersionOf(entry) === owner.apiVersion,
    );
    if (kind === undefined) return undefined;
    const { namespace, name, uid } = owner;
    const key = JSON.stringify([kind.kind, namespace, name, uid]);
    const { api, onFailure } = this.#options;
    const read = async (own: AbortSignal): Promise<JsonObject | undefined> => {
      const found = await orAbsent(api.get({ kind, namespace, name }, own));
      return found?.uid === uid ? found.body : undefined;
    };
    return await orUntold(this.#recent.get(key, signal, read), onFailure, signal);
  }
}

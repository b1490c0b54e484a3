import { KubernetesError, orAbsent } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import type { JsonObject } from './kubernetes-object.js';
import { RecentAnswers } from './recent-answers.js';
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
const FRESH_MS = 2_000;
const MAX_KEPT = 64;
const MAX_AT_ONCE = 32;

/** Owners as the API server has them, each read once for all the children that come at the same time. */
export class LiveOwners {
  readonly #api: Pick<KubernetesApi, 'get'>;
  readonly #onFailure: (error: KubernetesError) => void;
  readonly #recent: RecentAnswers<JsonObject>;

  constructor({ api, monotonic, onFailure }: LiveOwnersOptions) {
    this.#api = api;
    this.#onFailure = onFailure;
    this.#recent = new RecentAnswers({
      freshMs: FRESH_MS,
      maxKept: MAX_KEPT,
      maxAtOnce: MAX_AT_ONCE,
      monotonic,
    });
  }

  /** The owner of this name, if it lives with this UID; nothing where it does not, or where nobody could tell (K30). */
  async find(owner: OwnerName, signal: AbortSignal): Promise<JsonObject | undefined> {
    const kind = OWNERS.find(
      (entry) => entry.kind === owner.kind && apiVersionOf(entry) === owner.apiVersion,
    );
    if (kind === undefined) return undefined;
    const { namespace, name, uid } = owner;
    const key = JSON.stringify([kind.kind, namespace, name, uid]);
    try {
      return await this.#recent.get(key, signal, async (own) => {
        const found = await orAbsent(this.#api.get({ kind, namespace, name }, own));
        return found?.uid === uid ? found.body : undefined;
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof KubernetesError)) throw error;
      this.#onFailure(error);
      return undefined;
    }
  }
}

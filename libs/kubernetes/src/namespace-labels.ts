import { KubernetesError, orAbsent } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import { RecentAnswers } from './recent-answers.js';
import { KINDS } from './resource.js';

export interface NamespaceLabelsOptions {
  readonly api: Pick<KubernetesApi, 'get'>;
  /** A clock that nobody sets, ms. */
  readonly monotonic: () => number;
  readonly onFailure: (error: KubernetesError) => void;
}

/** How long a label that was taken away may still be believed, ms. */
const FRESH_MS = 5_000;
const MAX_KEPT = 1_000;
const MAX_AT_ONCE = 32;

/** The labels of namespaces as the API server has them, at most a few seconds old. */
export class NamespaceLabels {
  readonly #api: Pick<KubernetesApi, 'get'>;
  readonly #onFailure: (error: KubernetesError) => void;
  readonly #recent: RecentAnswers<ReadonlyMap<string, string>>;

  constructor({ api, monotonic, onFailure }: NamespaceLabelsOptions) {
    this.#api = api;
    this.#onFailure = onFailure;
    this.#recent = new RecentAnswers({
      freshMs: FRESH_MS,
      maxKept: MAX_KEPT,
      maxAtOnce: MAX_AT_ONCE,
      monotonic,
    });
  }

  /** The labels; nothing where there is no such namespace, or where nobody could tell. */
  async of(namespace: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      return await this.#recent.get(
        namespace,
        signal,
        async (own) =>
          (await orAbsent(this.#api.get({ kind: KINDS.namespace, name: namespace }, own)))?.labels,
      );
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof KubernetesError)) throw error;
      this.#onFailure(error);
      return undefined;
    }
  }
}

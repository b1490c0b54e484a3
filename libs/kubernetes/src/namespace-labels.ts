import { type KubernetesError, orAbsent } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import { orUntold, RecentAnswers } from './recent-answers.js';
import { KINDS } from './resource.js';

export interface NamespaceLabelsOptions {
  readonly api: Pick<KubernetesApi, 'get'>;
  /** A clock that nobody sets, ms. */
  readonly monotonic: () => number;
  readonly onFailure: (error: KubernetesError) => void;
}

/** How long a label that was taken away may still be believed, ms. */
const BOUNDS = { freshMs: 5_000, maxKept: 1_000, maxAtOnce: 32 };

/** The labels of namespaces as the API server has them, at most a few seconds old. */
export class NamespaceLabels {
  readonly #options: NamespaceLabelsOptions;
  readonly #recent: RecentAnswers<ReadonlyMap<string, string>>;

  constructor(options: NamespaceLabelsOptions) {
    const { monotonic } = options;
    this.#options = options;
    this.#recent = new RecentAnswers({ ...BOUNDS, monotonic });
  }

  /** The labels; nothing where there is no such namespace, or where nobody could tell. */
  async of(namespace: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    const { api, onFailure } = this.#options;
    const read = async (own: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> =>
      (await orAbsent(api.get({ kind: KINDS.namespace, name: namespace }, own)))?.labels;
    return await orUntold(this.#recent.get(namespace, signal, read), onFailure, signal);
  }
}

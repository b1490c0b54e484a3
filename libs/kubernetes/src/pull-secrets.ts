import { KubernetesError } from './error.js';
import type { KubernetesApi } from './kubernetes-api.js';
import { isJsonObject, type KubernetesObject, secretData } from './kubernetes-object.js';
import { RecentAnswers } from './recent-answers.js';
import { KINDS } from './resource.js';

/** The two types of Secrets that a kubelet pulls with, and the key of each. */
const FORMATS = new Map([
  ['kubernetes.io/dockerconfigjson', { format: 'dockerconfigjson', key: '.dockerconfigjson' }],
  ['kubernetes.io/dockercfg', { format: 'dockercfg', key: '.dockercfg' }],
] as const);

export type PullSecretFormat = 'dockerconfigjson' | 'dockercfg';

/** What came of one name. `broken`: it is there and holds no credentials; `unread`: the API server gave no answer. */
export type PullSecret<T> =
  | { readonly kind: 'found'; readonly name: string; readonly identity: string; readonly value: T }
  | { readonly kind: 'missing' | 'forbidden' | 'broken' | 'unread'; readonly name: string };

export interface PullSecretsOptions<T> {
  readonly api: Pick<KubernetesApi, 'get'>;
  /** Text of the secret's one key to what is kept of it; what it throws makes the Secret a broken one. */
  readonly parse: (text: string, format: PullSecretFormat) => T;
  /** A clock that nobody sets, ms. */
  readonly monotonic: () => number;
  /** Not called for what is not there. */
  readonly onFailure: (error: KubernetesError) => void;
}

/** How long a Secret or ServiceAccount that was changed may still be believed, ms. */
const FRESH_MS = 60_000;
const MAX_KEPT = 256;
const MAX_AT_ONCE = 32;
/** A few registries; with {@link MAX_KEPT} what all of them cost. */
const MAX_BYTES = 64 * 1024;
/** Names of one workload or ServiceAccount that are followed. */
const MAX_NAMES = 16;

/**
 * The image pull secrets of workloads, each read once a minute. Which namespaces may be asked about is the caller's to
 * know; nothing of a Secret is in an error or a message.
 */
export class PullSecrets<T> {
  readonly #options: PullSecretsOptions<T>;
  readonly #secrets: RecentAnswers<PullSecret<T>>;
  readonly #accounts: RecentAnswers<readonly string[]>;

  constructor(options: PullSecretsOptions<T>) {
    this.#options = options;
    const bounds = {
      freshMs: FRESH_MS,
      maxKept: MAX_KEPT,
      maxAtOnce: MAX_AT_ONCE,
      monotonic: options.monotonic,
    };
    this.#secrets = new RecentAnswers(bounds);
    this.#accounts = new RecentAnswers(bounds);
  }

  /** The Secrets of these names, in their order. Rejects with the signal's reason only. */
  async read(
    namespace: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly PullSecret<T>[]> {
    const distinct = [...new Set(names)].slice(0, MAX_NAMES);
    return await Promise.all(distinct.map(async (name) => await this.#read(namespace, name, signal)));
  }

  /** The names that a ServiceAccount gives to its pods. Without an answer there are none, and `isSure` is false. */
  async namesOf(
    namespace: string,
    serviceAccount: string,
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly isSure: boolean }> {
    const get = this.#options.api.get.bind(this.#options.api);
    const read = async (own: AbortSignal): Promise<readonly string[]> =>
      namesIn(await get({ kind: KINDS.serviceAccount, namespace, name: serviceAccount }, own));
    try {
      const names = await this.#accounts.get(JSON.stringify([namespace, serviceAccount]), signal, read);
      return { names: names ?? [], isSure: true };
    } catch (error) {
      return { names: [], isSure: this.#kindOf(error, signal) === 'missing' };
    }
  }

  async #read(namespace: string, name: string, signal: AbortSignal): Promise<PullSecret<T>> {
    const get = this.#options.api.get.bind(this.#options.api);
    const read = async (own: AbortSignal): Promise<PullSecret<T>> =>
      this.#parse(name, await get({ kind: KINDS.secret, namespace, name }, own));
    try {
      const secret = await this.#secrets.get(JSON.stringify([namespace, name]), signal, read);
      return secret ?? { kind: 'missing', name };
    } catch (error) {
      return { kind: this.#kindOf(error, signal), name };
    }
  }

  #parse(name: string, secret: KubernetesObject): PullSecret<T> {
    const { body, uid, resourceVersion } = secret;
    const type = FORMATS.get(body['type'] as 'kubernetes.io/dockercfg');
    if (type === undefined) return { kind: 'broken', name };
    try {
      const bytes = secretData(secret, type.key);
      if (bytes === undefined || bytes.byteLength > MAX_BYTES) return { kind: 'broken', name };
      const value = this.#options.parse(bytes.toString('utf8'), type.format);
      return { kind: 'found', name, identity: `${uid}/${resourceVersion}`, value };
    } catch {
      // Whatever the parser says may quote the Secret.
      return { kind: 'broken', name };
    }
  }

  /** Rethrows what is no answer about the object. */
  #kindOf(error: unknown, signal: AbortSignal): 'missing' | 'forbidden' | 'unread' {
    if (signal.aborted || !(error instanceof KubernetesError)) throw error;
    // A name that Kubernetes would not take either is one that is not there.
    if (error.reason === 'not-found' || error.reason === 'invalid') return 'missing';
    this.#options.onFailure(error);
    return error.reason === 'forbidden' ? 'forbidden' : 'unread';
  }
}

function namesIn({ body }: KubernetesObject): readonly string[] {
  const list = body['imagePullSecrets'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const name = isJsonObject(entry) ? entry['name'] : undefined;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
}

import {
  KINDS,
  type KubernetesApi,
  KubernetesError,
  type KubernetesObject,
  orAbsent,
  secretData,
} from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { ourLabels, secretPlace } from './places.js';

/** File name → text. */
export type SecretFiles = ReadonlyMap<string, string>;

/** The files of a Secret that is there. */
export function filesOf(secret: KubernetesObject): SecretFiles {
  const { data } = secret.body;
  const names = typeof data === 'object' && data !== null ? Object.keys(data) : [];
  return new Map(names.map((name) => [name, secretData(secret, name)?.toString('utf8') ?? '']));
}

/** One file of a Secret; throws {@link InstallationError} where it is missing. */
export function fileOf(secret: KubernetesObject, name: string): string {
  const text = secretData(secret, name)?.toString('utf8');
  if (text !== undefined && text !== '') return text;
  throw new InstallationError(
    'keys',
    `expected ${name} in Secret ${secret.name}, got none: restore it from your backup`,
  );
}

/** Makes Secrets that are not there; those that are stay as they are. */
export class SecretMaker {
  readonly made: string[] = [];
  readonly kept: string[] = [];
  readonly #api: KubernetesApi;
  readonly #settings: ClusterSettings;
  readonly #signal: AbortSignal;

  constructor(api: KubernetesApi, settings: ClusterSettings, signal: AbortSignal) {
    this.#api = api;
    this.#settings = settings;
    this.#signal = signal;
  }

  async find(name: string): Promise<SecretFiles | undefined> {
    const secret = await orAbsent(this.#api.get(secretPlace(this.#settings, name), this.#signal));
    return secret === undefined ? undefined : filesOf(secret);
  }

  /** What is in the cluster afterwards: ours, or what somebody made before or at the same time. */
  async ensure(
    name: string,
    component: string,
    make: () => SecretFiles | Promise<SecretFiles>,
  ): Promise<SecretFiles> {
    const present = await this.find(name);
    if (present !== undefined) {
      this.kept.push(name);
      return present;
    }
    const files = await make();
    try {
      await this.#api.create(
        KINDS.secret,
        secretManifest(this.#settings, name, component, files),
        this.#signal,
      );
      this.made.push(name);
      return files;
    } catch (error) {
      if (!(error instanceof KubernetesError && error.reason === 'conflict')) throw error;
      this.kept.push(name);
      return (await this.find(name)) ?? files;
    }
  }
}

function secretManifest(settings: ClusterSettings, name: string, component: string, files: SecretFiles) {
  const isTls = files.has('tls.crt') && files.has('tls.key');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: isTls ? 'kubernetes.io/tls' : 'Opaque',
    metadata: {
      name,
      namespace: settings.namespace,
      labels: ourLabels(settings, component),
      // Not Helm's: an upgrade, a rollback and a GitOps diff leave them alone.
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    data: Object.fromEntries([...files].map(([file, text]) => [file, Buffer.from(text).toString('base64')])),
  };
}

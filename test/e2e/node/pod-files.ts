import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ClusterApi, Json } from './cluster-api.js';

/** Something that a pod mounts is not there yet: a kubelet waits for it, and so do we. */
export class NotMountable extends Error {
  override readonly name = 'NotMountable';
}

type Files = ReadonlyMap<string, Buffer>;

/**
 * The volumes of one pod as folders under `root`, laid out and changed as a kubelet does it: files are links through `..data`,
 * which is replaced in one step.
 */
export class PodFiles {
  readonly root: string;
  readonly #api: ClusterApi;
  readonly #pod: Json;
  readonly #written = new Map<string, string>();
  #serial = 0;

  constructor(api: ClusterApi, pod: Json, root: string) {
    this.#api = api;
    this.#pod = pod;
    this.root = root;
  }

  /** Whether the pod has the token of its service account. */
  get hasToken(): boolean {
    return this.#volumes().some(({ projected }) =>
      projected?.sources.some((source: Json) => source.serviceAccountToken !== undefined),
    );
  }

  /** Writes what is new or has changed. Throws {@link NotMountable} for what is missing. */
  async sync(): Promise<void> {
    const volumes = new Map<string, Json>(this.#volumes().map((volume) => [volume.name, volume]));
    for (const mount of this.#pod.spec.containers[0].volumeMounts ?? []) {
      const folder = join(this.root, mount.mountPath);
      const files = await this.#filesOf(volumes.get(mount.name));
      if (files === undefined) mkdirSync(folder, { recursive: true });
      else this.#place(folder, files);
    }
  }

  #volumes(): Json[] {
    return this.#pod.spec.volumes ?? [];
  }

  /** `undefined` for a volume that the pod writes to, and for its token. */
  async #filesOf(volume: Json): Promise<Files | undefined> {
    if (volume.secret !== undefined) return this.#read('secrets', volume.secret.secretName, volume.secret);
    if (volume.configMap !== undefined)
      return this.#read('configmaps', volume.configMap.name, volume.configMap);
    if (volume.projected === undefined || this.#isToken(volume)) return undefined;
    const all = new Map<string, Buffer>();
    for (const source of volume.projected.sources) {
      const [kind, from] =
        source.secret === undefined ? ['configmaps', source.configMap] : ['secrets', source.secret];
      for (const [name, bytes] of await this.#read(kind, from.name, from)) all.set(name, bytes);
    }
    return all;
  }

  #isToken(volume: Json): boolean {
    return volume.name.startsWith('kube-api-access-');
  }

  async #read(kind: string, name: string, { items, optional = false }: Json): Promise<Files> {
    const object = await this.#api.get(`/api/v1/namespaces/${this.#pod.metadata.namespace}/${kind}/${name}`);
    if (object === undefined && optional) return new Map();
    if (object === undefined) throw new NotMountable(`${kind} "${name}" not found`);
    const encoding = kind === 'secrets' ? 'base64' : 'utf8';
    const all = new Map<string, Buffer>(
      Object.entries<string>(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]),
    );
    if (items === undefined) return all;
    return new Map(
      items.flatMap(({ key, path }: Json) => {
        const bytes = all.get(key);
        if (bytes === undefined && !optional) throw new NotMountable(`${kind} "${name}" has no key ${key}`);
        return bytes === undefined ? [] : [[path, bytes]];
      }),
    );
  }

  #place(folder: string, files: Files): void {
    const state = JSON.stringify([...files].map(([name, bytes]) => [name, bytes.toString('base64')]));
    if (this.#written.get(folder) === state) return;
    this.#serial += 1;
    const version = `..${this.#serial}`;
    for (const [name, bytes] of files) {
      const file = join(folder, version, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes, { mode: 0o600 });
    }
    mkdirSync(join(folder, version), { recursive: true });
    symlinkSync(version, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    for (const name of new Set([...files.keys()].map((path) => path.split('/')[0] ?? path)))
      if (!existsSync(join(folder, name))) symlinkSync(join('..data', name), join(folder, name));
    if (this.#written.has(folder))
      rmSync(join(folder, `..${this.#serial - 1}`), { recursive: true, force: true });
    this.#written.set(folder, state);
  }
}

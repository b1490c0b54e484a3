import { randomUUID } from 'node:crypto';

import { isJson, type Json } from './virtual-cluster-merge.js';

/** An object, and what each field manager applied last. */
export interface StoredObject {
  readonly object: Json;
  readonly applied: Map<string, Json>;
}

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Json;
}

/** Namespace, plural and name of an object's path. */
export const OBJECT_PATH = /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/;

/** What etcd is to an API server: objects by path, one version for all of them, and every change in order. */
export class VirtualClusterStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #changes: Change[] = [];
  readonly #now: () => Date;
  #version = 1;
  #wake: (() => void)[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  get version(): number {
    return this.#version;
  }

  get(path: string): StoredObject | undefined {
    return this.#objects.get(path);
  }

  paths(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** Objects of a collection, in all namespaces where the URL names none. */
  matching(url: URL): Json[] {
    const [, namespace, plural] = OBJECT_PATH.exec(url.pathname) ?? [];
    const root = url.pathname.replace(/\/namespaces\/[^/]+(?=\/[a-z]+$)/, '').replace(/\/[a-z]+$/, '');
    return [...this.#objects]
      .filter(([path]) => {
        const [, within, kind, name] = OBJECT_PATH.exec(path) ?? [];
        return (
          path.startsWith(`${root}/`) &&
          kind === plural &&
          name !== undefined &&
          (namespace ?? within) === within
        );
      })
      .map(([, { object }]) => object)
      .filter((object) => isSelected(object, url.searchParams));
  }

  /** A write that changes nothing keeps the version, as in etcd. */
  put(path: string, object: Json, applied: Map<string, Json>): Json {
    const old = this.#objects.get(path)?.object;
    const metadata = metadataOf(object);
    const { resourceVersion, uid, creationTimestamp } = old === undefined ? {} : metadataOf(old);
    const namespace = OBJECT_PATH.exec(path)?.[1];
    const next: Json = {
      ...object,
      metadata: {
        ...metadata,
        ...(namespace !== undefined && { namespace }),
        uid: uid ?? randomUUID(),
        creationTimestamp: creationTimestamp ?? this.#now().toISOString(),
        resourceVersion: resourceVersion ?? '0',
      },
    };
    if (old === undefined || JSON.stringify(old) !== JSON.stringify(next)) {
      this.#version += 1;
      metadataOf(next)['resourceVersion'] = `${this.#version}`;
      this.#objects.set(path, { object: next, applied });
      this.#tell(path, old === undefined ? 'ADDED' : 'MODIFIED', next);
    }
    return structuredClone(next);
  }

  #tell(path: string, type: Change['type'], object: Json): void {
    this.#changes.push({
      version: this.#version,
      collection: path.slice(0, path.lastIndexOf('/')),
      type,
      object,
    });
    for (const wake of this.#wake.splice(0)) wake();
  }

  remove(path: string): void {
    const stored = this.#objects.get(path);
    if (stored === undefined) return;
    this.#objects.delete(path);
    this.#tell(path, 'DELETED', stored.object);
  }

  /** Every change of a collection after a version, until the signal. */
  async *events(
    url: URL,
    since: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Json, void, undefined> {
    const hasEnded = (): boolean => signal?.aborted === true;
    for (let at = this.#changes.findIndex(({ version }) => version > since); !hasEnded();) {
      if (at === -1) at = this.#changes.length;
      for (; at < this.#changes.length; at += 1) {
        const change = this.#changes[at];
        if (
          change !== undefined &&
          isWithin(change.collection, url.pathname) &&
          isSelected(change.object, url.searchParams)
        ) {
          yield { type: change.type, object: structuredClone(change.object) };
        }
      }
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

/** A collection without a namespace holds those of every namespace. */
function isWithin(collection: string, asked: string): boolean {
  return collection === asked || collection.replace(/\/namespaces\/[^/]+(?=\/[a-z]+$)/, '') === asked;
}

/** An object's metadata; empty where it has none. */
export function metadataOf(object: Json): Json {
  return isJson(object['metadata']) ? object['metadata'] : {};
}

function isSelected(object: Json, params: URLSearchParams): boolean {
  const { labels, name } = metadataOf(object);
  const field = params.get('fieldSelector');
  if (field !== null && field !== `metadata.name=${String(name)}`) return false;
  const selectors = params.get('labelSelector')?.split(',') ?? [];
  return selectors.every((selector) => {
    const [key = '', value] = selector.split('=');
    const label = isJson(labels) ? labels[key] : undefined;
    return value === undefined ? label !== undefined : label === value;
  });
}

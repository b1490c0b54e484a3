import { randomUUID } from 'node:crypto';

import { KubernetesApi, type KubernetesWire, type ResourceKind, type WireRequest } from '#kubernetes';

import { applyManifest, isJson, type Json, jsonPatch, mergePatch } from './virtual-cluster-merge.js';

/** What the virtual API server answers; a stream for a watch. */
export interface ClusterAnswer {
  readonly status: number;
  readonly body: Json | AsyncIterable<Json>;
}

/** Where a virtual API server goes wrong. */
export interface ClusterFault {
  readonly method?: string;
  readonly path: RegExp;
  readonly status: number;
  /** How often; default: every time. */
  readonly times?: number;
}

/** A request as it came: for tests that ask what was written. */
export interface ClusterRequest {
  readonly method: string;
  readonly path: string;
}

interface Stored {
  object: Json;
  /** Manager → what it applied last. */
  readonly applied: Map<string, Json>;
}

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Json;
}

/** A group that Kubernetes itself does not have: somebody's custom kinds. */
const CUSTOM_GROUP = /^\/apis\/((?:[^/]+\.)+[^/]+)\/([^/]+)(?:\/|$)/;
const PATH = /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/;

/** The objects of a Kubernetes cluster in memory: versions, conflicts, server-side apply and watches as an API server has them. */
export class VirtualCluster {
  readonly requests: ClusterRequest[] = [];
  readonly #objects = new Map<string, Stored>();
  readonly #changes: Change[] = [];
  readonly #faults: (ClusterFault & { left: number })[] = [];
  readonly #custom = new Map<string, Set<string>>();
  readonly #now: () => Date;
  #version = 1;
  #wake: (() => void)[] = [];

  constructor({ now = () => new Date() }: { readonly now?: () => Date } = {}) {
    this.#now = now;
    for (const name of ['default', 'kube-system']) {
      this.handle(post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    }
    this.requests.length = 0;
  }

  /** An API on these objects, without a network. */
  api(): KubernetesApi {
    return new KubernetesApi({ wire: this.#wire() });
  }

  fail(fault: ClusterFault): void {
    this.#faults.push({ ...fault, left: fault.times ?? Infinity });
  }

  /** Has this custom kind from now on; kinds of Kubernetes itself are there without it. */
  serve({ group, version, plural }: ResourceKind): void {
    const key = `${group}/${version}`;
    this.#custom.set(key, (this.#custom.get(key) ?? new Set()).add(plural));
  }

  /** Has it no more. */
  withdraw({ group, version, plural }: ResourceKind): void {
    this.#custom.get(`${group}/${version}`)?.delete(plural);
  }

  behave(): void {
    this.#faults.length = 0;
  }

  /** An object by the path of its URL, as it is now. */
  at(path: string): Json | undefined {
    return structuredClone(this.#objects.get(path)?.object);
  }

  /** All paths that hold an object. */
  paths(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** One request of an API server's HTTP interface. */
  handle(request: WireRequest, signal?: AbortSignal): ClusterAnswer {
    const url = new URL(request.path, 'https://cluster');
    this.requests.push({ method: request.method, path: request.path });
    const fault = this.#faults.find(
      ({ method = request.method, path, left }) =>
        left > 0 && method === request.method && path.test(request.path),
    );
    if (fault !== undefined) {
      fault.left -= 1;
      return refusal(fault.status, 'Misbehaviour');
    }
    const [, , plural = '', name] = PATH.exec(url.pathname) ?? [];
    const [, group = '', version = ''] = CUSTOM_GROUP.exec(url.pathname) ?? [];
    if (group !== '' && !group.endsWith('.k8s.io')) {
      const kinds = this.#custom.get(`${group}/${version}`) ?? new Set();
      if (plural === '' && kinds.size > 0) return { status: 200, body: resourceList(kinds) };
      if (!kinds.has(plural)) return refusal(404, 'NotFound');
    }
    if (!PATH.test(url.pathname)) return refusal(404, 'NotFound');
    if (request.method === 'GET' && url.searchParams.has('watch')) return this.#watch(url, signal);
    if (request.method === 'GET') return name === undefined ? this.#list(url) : this.#get(url.pathname);
    const body: unknown = request.body === undefined ? {} : JSON.parse(request.body);
    if (request.method === 'POST') return this.#create(url.pathname, isJson(body) ? body : {});
    if (request.method === 'PATCH') return this.#patch(url, request.contentType ?? '', body);
    return request.method === 'DELETE'
      ? this.#delete(url.pathname, isJson(body) ? body : {})
      : refusal(405, 'MethodNotAllowed');
  }

  #get(path: string): ClusterAnswer {
    const stored = this.#objects.get(path);
    return stored === undefined
      ? refusal(404, 'NotFound')
      : { status: 200, body: structuredClone(stored.object) };
  }

  #list(url: URL): ClusterAnswer {
    const items = this.#matching(url).map((object) => structuredClone(object));
    return { status: 200, body: { kind: 'List', metadata: { resourceVersion: `${this.#version}` }, items } };
  }

  #matching(url: URL): Json[] {
    const [, namespace, plural] = PATH.exec(url.pathname) ?? [];
    const root = url.pathname.replace(/\/namespaces\/[^/]+(?=\/[a-z]+$)/, '').replace(/\/[a-z]+$/, '');
    return [...this.#objects]
      .filter(([path]) => {
        const [, within, kind, name] = PATH.exec(path) ?? [];
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

  #create(collection: string, manifest: Json): ClusterAnswer {
    const metadata = metadataOf(manifest);
    const name = metadata['name'] ?? `${String(metadata['generateName'])}${randomUUID().slice(0, 5)}`;
    const path = `${collection}/${typeof name === 'string' ? name : ''}`;
    if (this.#objects.has(path)) return refusal(409, 'AlreadyExists');
    return {
      status: 201,
      body: this.#store(path, { ...manifest, metadata: { ...metadata, name } }, new Map()),
    };
  }

  #patch(url: URL, contentType: string, patch: unknown): ClusterAnswer {
    const stored = this.#objects.get(url.pathname);
    const manager = url.searchParams.get('fieldManager') ?? '';
    if (contentType.includes('apply-patch'))
      return this.#apply(url.pathname, manager, isJson(patch) ? patch : {}, stored);
    if (stored === undefined) return refusal(404, 'NotFound');
    const merged = Array.isArray(patch)
      ? jsonPatch(stored.object, patch.filter(isJson))
      : (mergePatch(stored.object, patch) as Json); // of an object with an object
    if (merged === undefined) return refusal(422, 'Invalid');
    const wanted = isJson(patch) ? metadataOf(patch)['resourceVersion'] : undefined;
    if (wanted !== undefined && wanted !== metadataOf(stored.object)['resourceVersion'])
      return refusal(409, 'Conflict');
    return { status: 200, body: this.#store(url.pathname, merged, stored.applied) };
  }

  #apply(path: string, manager: string, manifest: Json, stored: Stored | undefined): ClusterAnswer {
    const applied = stored?.applied ?? new Map<string, Json>();
    const merged = applyManifest(stored?.object ?? {}, manifest, applied.get(manager));
    applied.set(manager, structuredClone(manifest));
    return { status: stored === undefined ? 201 : 200, body: this.#store(path, merged, applied) };
  }

  #delete(path: string, { preconditions }: Json): ClusterAnswer {
    const stored = this.#objects.get(path);
    if (stored === undefined) return refusal(404, 'NotFound');
    const { uid } = isJson(preconditions) ? preconditions : {};
    if (uid !== undefined && uid !== metadataOf(stored.object)['uid']) return refusal(409, 'Conflict');
    this.#objects.delete(path);
    this.#tell(path, 'DELETED', stored.object);
    return { status: 200, body: { kind: 'Status', status: 'Success' } };
  }

  /** A write that changes nothing keeps the version, as in etcd. */
  #store(path: string, object: Json, applied: Map<string, Json>): Json {
    const old = this.#objects.get(path)?.object;
    const metadata = metadataOf(object);
    const { resourceVersion, uid, creationTimestamp } = old === undefined ? {} : metadataOf(old);
    const namespace = PATH.exec(path)?.[1];
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

  #watch(url: URL, signal: AbortSignal | undefined): ClusterAnswer {
    const since = Number(url.searchParams.get('resourceVersion') ?? this.#version);
    return { status: 200, body: this.#events(url, since, signal) };
  }

  async *#events(
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

  #wire(): KubernetesWire {
    return {
      send: (request, signal) => {
        const { status, body } = this.handle(request, signal);
        return Promise.resolve({ status, body: bytes(body), close: () => undefined });
      },
      renewIdentity: () => undefined,
      close: () => undefined,
    };
  }
}

/** JSON, or one line of it for each event. */
async function* bytes(body: Json | AsyncIterable<Json>): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(Symbol.asyncIterator in body)) yield Buffer.from(JSON.stringify(body));
  else for await (const event of body) yield Buffer.from(`${JSON.stringify(event)}\n`);
}

function post(path: string, body: Json): WireRequest {
  return { method: 'POST', path, body: JSON.stringify(body) };
}

/** A collection without a namespace holds those of every namespace. */
function isWithin(collection: string, asked: string): boolean {
  return collection === asked || collection.replace(/\/namespaces\/[^/]+(?=\/[a-z]+$)/, '') === asked;
}

function metadataOf(object: Json): Json {
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

function resourceList(plurals: ReadonlySet<string>): Json {
  return { kind: 'APIResourceList', resources: [...plurals].map((name) => ({ name, namespaced: true })) };
}

function refusal(code: number, reason: string): ClusterAnswer {
  return { status: code, body: { kind: 'Status', status: 'Failure', message: reason, reason, code } };
}

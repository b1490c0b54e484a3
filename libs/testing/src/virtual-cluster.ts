import { randomUUID } from 'node:crypto';

import { KubernetesApi, type ResourceKind, type WireRequest } from '#kubernetes';

import { metadataOf, OBJECT_PATH, type StoredObject, VirtualClusterStore } from './virtual-cluster-store.js';
import { applyManifest, isJson, type Json, jsonPatch, mergePatch } from './virtual-cluster-merge.js';
import { wireTo } from './virtual-cluster-wire.js';

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

/** A group that Kubernetes itself does not have: somebody's custom kinds. */
const CUSTOM_GROUP = /^\/apis\/((?:[^/]+\.)+[^/]+)\/([^/]+)(?:\/|$)/;

/** The objects of a Kubernetes cluster in memory: versions, conflicts, server-side apply and watches as an API server has them. */
export class VirtualCluster {
  readonly requests: ClusterRequest[] = [];
  readonly #store: VirtualClusterStore;
  readonly #faults: (ClusterFault & { left: number })[] = [];
  readonly #custom = new Map<string, Set<string>>();

  constructor({ now = () => new Date() }: { readonly now?: () => Date } = {}) {
    this.#store = new VirtualClusterStore(now);
    for (const name of ['default', 'kube-system']) {
      this.handle(post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    }
    this.requests.length = 0;
  }

  /** An API on these objects, without a network. */
  api(): KubernetesApi {
    return new KubernetesApi({ wire: wireTo(this) });
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
    return structuredClone(this.#store.get(path)?.object);
  }

  /** All paths that hold an object. */
  paths(): readonly string[] {
    return this.#store.paths();
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
    const [, , plural = '', name] = OBJECT_PATH.exec(url.pathname) ?? [];
    const [, group = '', version = ''] = CUSTOM_GROUP.exec(url.pathname) ?? [];
    if (group !== '' && !group.endsWith('.k8s.io')) {
      const kinds = this.#custom.get(`${group}/${version}`) ?? new Set();
      if (plural === '' && kinds.size > 0) return { status: 200, body: resourceList(kinds) };
      if (!kinds.has(plural)) return refusal(404, 'NotFound');
    }
    if (!OBJECT_PATH.test(url.pathname)) return refusal(404, 'NotFound');
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
    const stored = this.#store.get(path);
    return stored === undefined
      ? refusal(404, 'NotFound')
      : { status: 200, body: structuredClone(stored.object) };
  }

  #list(url: URL): ClusterAnswer {
    const items = this.#store.matching(url).map((object) => structuredClone(object));
    return {
      status: 200,
      body: { kind: 'List', metadata: { resourceVersion: `${this.#store.version}` }, items },
    };
  }

  #create(collection: string, manifest: Json): ClusterAnswer {
    const metadata = metadataOf(manifest);
    const name = metadata['name'] ?? `${String(metadata['generateName'])}${randomUUID().slice(0, 5)}`;
    const path = `${collection}/${typeof name === 'string' ? name : ''}`;
    if (this.#store.get(path) !== undefined) return refusal(409, 'AlreadyExists');
    return {
      status: 201,
      body: this.#store.put(path, { ...manifest, metadata: { ...metadata, name } }, new Map()),
    };
  }

  #patch(url: URL, contentType: string, patch: unknown): ClusterAnswer {
    const stored = this.#store.get(url.pathname);
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
    return { status: 200, body: this.#store.put(url.pathname, merged, stored.applied) };
  }

  #apply(path: string, manager: string, manifest: Json, stored: StoredObject | undefined): ClusterAnswer {
    const applied = stored?.applied ?? new Map<string, Json>();
    const merged = applyManifest(stored?.object ?? {}, manifest, applied.get(manager));
    applied.set(manager, structuredClone(manifest));
    return { status: stored === undefined ? 201 : 200, body: this.#store.put(path, merged, applied) };
  }

  #delete(path: string, { preconditions }: Json): ClusterAnswer {
    const stored = this.#store.get(path);
    if (stored === undefined) return refusal(404, 'NotFound');
    const { uid } = isJson(preconditions) ? preconditions : {};
    if (uid !== undefined && uid !== metadataOf(stored.object)['uid']) return refusal(409, 'Conflict');
    this.#store.remove(path);
    return { status: 200, body: { kind: 'Status', status: 'Success' } };
  }

  #watch(url: URL, signal: AbortSignal | undefined): ClusterAnswer {
    const since = Number(url.searchParams.get('resourceVersion') ?? this.#store.version);
    return { status: 200, body: this.#store.events(url, since, signal) };
  }
}

function post(path: string, body: Json): WireRequest {
  return { method: 'POST', path, body: JSON.stringify(body) };
}

function resourceList(plurals: ReadonlySet<string>): Json {
  return { kind: 'APIResourceList', resources: [...plurals].map((name) => ({ name, namespaced: true })) };
}

function refusal(code: number, reason: string): ClusterAnswer {
  return { status: code, body: { kind: 'Status', status: 'Failure', message: reason, reason, code } };
}

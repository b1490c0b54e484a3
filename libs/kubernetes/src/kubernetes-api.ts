import { parseJson, readLines } from './bounded-body.js';
import { KubernetesError, orAbsent, reasonOf } from './error.js';
import { Exchange } from './exchange.js';
import { asList, asObject, asText, isJsonObject, type JsonObject, parseObject } from './kubernetes-object.js';
import type { KubernetesObject, Manifest } from './kubernetes-object.js';
import { apiVersionOf, collectionPath, describePlace, KINDS, objectPath, versionPath } from './resource.js';
import type { ObjectPlace, ResourceKind } from './resource.js';
import {
  type JsonPatch,
  type ListQuery,
  type ObjectList,
  search,
  type WatchEvent,
  type WatchQuery,
} from './queries.js';
import type { KubernetesWire } from './wire.js';

export interface KubernetesApiOptions {
  readonly wire: KubernetesWire;
  /** Most bytes of one answer, one page of a list or one event of a watch. */
  readonly maxBytes?: number;
  /** Budget of one request; the caller's signal can only shorten it. */
  readonly requestTimeoutMs?: number;
  /** Most objects that `list` gathers. */
  readonly maxItems?: number;
}

/** etcd takes 1.5 MB for an object; a page of 250 large ones still fits. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ITEMS = 10_000;
const PAGE = 250;
const REQUEST_TIMEOUT_MS = 10_000;
const WATCH_SECONDS = 240;
const EVENT_TYPES = ['ADDED', 'MODIFIED', 'DELETED'] as const;

/** The few calls that we make, each bounded in bytes and time; answers are validated, errors are {@link KubernetesError}. */
export class KubernetesApi {
  readonly #exchange: Exchange;
  readonly #maxItems: number;

  constructor({ wire, maxBytes, requestTimeoutMs, maxItems }: KubernetesApiOptions) {
    this.#exchange = new Exchange(wire, maxBytes ?? MAX_BYTES, requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
    this.#maxItems = maxItems ?? MAX_ITEMS;
  }

  /** One object as it is now. */
  async get(place: ObjectPlace, signal: AbortSignal): Promise<KubernetesObject> {
    return parseObject(
      await this.#exchange.call({ method: 'GET', path: objectPath(place) }, describePlace(place), signal),
    );
  }

  /** All objects that fit, page by page; throws `invalid` beyond `maxItems`. */
  async list(kind: ResourceKind, query: ListQuery, signal: AbortSignal): Promise<ObjectList> {
    const items: KubernetesObject[] = [];
    const defaults = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    for (let more = ''; ;) {
      const path = `${collectionPath(kind, query.namespace)}?${search(query, { limit: `${PAGE}`, continue: more })}`;
      const page = asObject(
        await this.#exchange.call({ method: 'GET', path }, kind.plural, signal),
        'a list',
      );
      const metadata = asObject(page['metadata'], 'metadata of a list');
      items.push(...asList(page['items'] ?? [], 'items').map((item) => parseObject(item, defaults)));
      if (items.length > this.#maxItems) {
        throw new KubernetesError('invalid', `expected at most ${this.#maxItems} ${kind.plural}, got more`);
      }
      more = asText(metadata['continue'] ?? '', 'continue');
      if (more === '')
        return { items, resourceVersion: asText(metadata['resourceVersion'], 'resourceVersion') };
    }
  }

  /** Creates, or throws `conflict` where an object of this name is there; that one is untouched. */
  async create(kind: ResourceKind, manifest: Manifest, signal: AbortSignal): Promise<KubernetesObject> {
    const { name, namespace } = manifest.metadata;
    const request = {
      method: 'POST',
      path: collectionPath(kind, namespace),
      body: JSON.stringify(manifest),
    } as const;
    return parseObject(await this.#exchange.call(request, describePlace({ kind, namespace, name }), signal));
  }

  /** Server-side apply: afterwards the fields of the manifest are as it says, and no others have changed. */
  async apply(
    place: ObjectPlace,
    manifest: Manifest,
    { fieldManager, force = false }: { readonly fieldManager: string; readonly force?: boolean },
    signal: AbortSignal,
  ): Promise<KubernetesObject> {
    const path = `${objectPath(place)}?${search({}, { fieldManager, force: String(force) })}`;
    const contentType = 'application/apply-patch+yaml'; // JSON is YAML
    const request = { method: 'PATCH', path, contentType, body: JSON.stringify(manifest) } as const;
    return parseObject(await this.#exchange.call(request, describePlace(place), signal));
  }

  /** A merge patch (RFC 7386), or for a list of steps a JSON patch. `metadata.resourceVersion` in it makes it conditional. */
  async patch(
    place: ObjectPlace,
    patch: JsonObject | JsonPatch,
    { fieldManager }: { readonly fieldManager: string },
    signal: AbortSignal,
  ): Promise<KubernetesObject> {
    const contentType = Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json';
    const path = `${objectPath(place)}?${search({}, { fieldManager })}`;
    const request = { method: 'PATCH', path, contentType, body: JSON.stringify(patch) } as const;
    return parseObject(await this.#exchange.call(request, describePlace(place), signal));
  }

  /** Deletes, if it is still the object of these preconditions. */
  async delete(
    place: ObjectPlace,
    preconditions: { readonly uid?: string; readonly resourceVersion?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions,
    });
    await this.#exchange.call(
      { method: 'DELETE', path: objectPath(place), body },
      describePlace(place),
      signal,
    );
  }

  /** Changes as they come. Ends without an error when the server ends it or the version is too old: list again. */
  async *watch(
    kind: ResourceKind,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const { timeoutSeconds = WATCH_SECONDS, resourceVersion = '' } = query;
    const more = { watch: '1', timeoutSeconds: `${timeoutSeconds}`, resourceVersion };
    const path = `${collectionPath(kind, query.namespace)}?${search(query, more)}`;
    // A connection that dies without a word ends with the watch's own time.
    const bounded = AbortSignal.any([signal, AbortSignal.timeout((timeoutSeconds + 10) * 1000)]);
    const answer = await this.#exchange.send({ method: 'GET', path }, kind.plural, bounded);
    try {
      for await (const line of readLines(answer.body, this.#exchange.maxBytes)) {
        const event = asObject(parseJson(line, kind.plural), 'a watch event');
        const type = EVENT_TYPES.find((known) => known === event['type']);
        if (event['type'] === 'ERROR') return endOfWatch(event['object'], kind);
        if (type !== undefined) yield { type, object: parseObject(event['object']) };
      }
    } finally {
      answer.close();
    }
  }

  /** True where the API server has this kind just now: custom ones come and go. */
  async serves(kind: ResourceKind, signal: AbortSignal): Promise<boolean> {
    const request = { method: 'GET', path: versionPath(kind) } as const;
    const version = await orAbsent(this.#exchange.call(request, apiVersionOf(kind), signal));
    if (version === undefined) return false;
    const resources = asList(asObject(version, 'an API version')['resources'] ?? [], 'resources');
    return resources.some((resource) => isJsonObject(resource) && resource['name'] === kind.plural);
  }

  /** Identity of the cluster that outlives every component of it: the UID of `kube-system`. */
  async clusterId(signal: AbortSignal): Promise<string> {
    const { uid } = await this.get({ kind: KINDS.namespace, name: 'kube-system' }, signal);
    return uid;
  }

  close(): void {
    this.#exchange.close();
  }
}

/** 410 means that the version is gone from the API server's memory: the caller lists again. */
function endOfWatch(status: unknown, kind: ResourceKind): void {
  const code = isJsonObject(status) && typeof status['code'] === 'number' ? status['code'] : 500;
  if (code !== 410) {
    throw new KubernetesError(reasonOf(code), `watch of ${kind.plural}: the API server answered ${code}`, {
      status: code,
    });
  }
}

import { KubernetesError } from './error.js';

/** JSON as the API server speaks it. */
export type JsonObject = { readonly [field: string]: unknown };

/** One owner of an object; a claim of whoever wrote the object, no fact. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** An object as the API server answered it: the metadata that we use, parsed, and the whole of it as it came. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
  readonly creationTimestamp: string | undefined;
  /** True once it has a deletionTimestamp. */
  readonly deleting: boolean;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly owners: readonly OwnerReference[];
  readonly body: JsonObject;
}

/** What is sent: `apiVersion`, `kind` and `metadata.name` are checked against the place by the API server. */
export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & JsonObject;
}

/** Parses one object; throws {@link KubernetesError} `invalid` for anything that is none. */
export function parseObject(
  json: unknown,
  defaults: { apiVersion?: string; kind?: string } = {},
): KubernetesObject {
  const body = asObject(json, 'an object');
  const metadata = asObject(body['metadata'], 'metadata');
  return {
    apiVersion: asText(body['apiVersion'] ?? defaults.apiVersion, 'apiVersion'),
    kind: asText(body['kind'] ?? defaults.kind, 'kind'),
    name: asText(metadata['name'], 'metadata.name'),
    namespace: optional(metadata['namespace'], asText, 'metadata.namespace'),
    uid: asText(metadata['uid'] ?? '', 'metadata.uid'),
    resourceVersion: asText(metadata['resourceVersion'] ?? '', 'metadata.resourceVersion'),
    generation: typeof metadata['generation'] === 'number' ? metadata['generation'] : undefined,
    creationTimestamp: optional(metadata['creationTimestamp'], asText, 'metadata.creationTimestamp'),
    deleting: metadata['deletionTimestamp'] !== undefined && metadata['deletionTimestamp'] !== null,
    labels: asTexts(metadata['labels'], 'metadata.labels'),
    annotations: asTexts(metadata['annotations'], 'metadata.annotations'),
    owners: asList(metadata['ownerReferences'] ?? [], 'metadata.ownerReferences').map(parseOwner),
    body,
  };
}

/** Narrows to a JSON object that is no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes of a key of a Secret's `data`, or `undefined` where there is none; strict base64. */
export function secretData(secret: KubernetesObject, key: string): Buffer | undefined {
  const data = secret.body['data'];
  if (!isJsonObject(data) || !Object.hasOwn(data, key)) return undefined;
  const text = asText(data[key], `data.${key}`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw malformed(`base64 in data.${key}`);
  return bytes;
}

/** This and the two below throw {@link KubernetesError} (invalid) for what the API server never answers. */
export function asObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw malformed(what);
  return value;
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(what);
  return value;
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what);
  return value;
}

function parseOwner(json: unknown): OwnerReference {
  const owner = asObject(json, 'an owner reference');
  return {
    apiVersion: asText(owner['apiVersion'], 'ownerReferences.apiVersion'),
    kind: asText(owner['kind'], 'ownerReferences.kind'),
    name: asText(owner['name'], 'ownerReferences.name'),
    uid: asText(owner['uid'], 'ownerReferences.uid'),
    controller: owner['controller'] === true,
  };
}

/** Names of labels and annotations are the writer's: a Map, so that none of them is `__proto__`. */
function asTexts(value: unknown, what: string): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  return new Map(Object.entries(asObject(value, what)).map(([key, text]) => [key, asText(text, what)]));
}

function optional<T>(
  value: unknown,
  parse: (value: unknown, what: string) => T,
  what: string,
): T | undefined {
  return value === undefined || value === null ? undefined : parse(value, what);
}

function malformed(what: string): KubernetesError {
  return new KubernetesError(
    'invalid',
    `expected ${what} in an object of the API server, got something else`,
  );
}

// K53: what the API server's own schema says about images, against what is found. A new field in a new minor fails here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { findImageSites, parseAdmissionReview } from '#admission';

import { type ControlPlane, MINORS, startControlPlane } from '../interop/world/index.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

/** Strings that have `image` or `reference` in their name and name no image that a node pulls. */
const NO_IMAGE: ReadonlySet<string> = new Set([
  // A policy's word: Always, Never.
  'imagePullPolicy',
  'pullPolicy',
  // An RBD volume's name in Ceph, which no node pulls from a registry.
  'rbd.image',
]);

const WORKLOADS = [
  ['io.k8s.api.core.v1.Pod', '', 'v1', 'pods'],
  ['io.k8s.api.core.v1.PodTemplate', '', 'v1', 'podtemplates'],
  ['io.k8s.api.core.v1.ReplicationController', '', 'v1', 'replicationcontrollers'],
  ['io.k8s.api.apps.v1.Deployment', 'apps', 'v1', 'deployments'],
  ['io.k8s.api.apps.v1.ReplicaSet', 'apps', 'v1', 'replicasets'],
  ['io.k8s.api.apps.v1.DaemonSet', 'apps', 'v1', 'daemonsets'],
  ['io.k8s.api.apps.v1.StatefulSet', 'apps', 'v1', 'statefulsets'],
  ['io.k8s.api.batch.v1.Job', 'batch', 'v1', 'jobs'],
  ['io.k8s.api.batch.v1.CronJob', 'batch', 'v1', 'cronjobs'],
] as const;

describe.for(MINORS)('the schema of %s', (minor) => {
  let plane: ControlPlane;
  let definitions: Readonly<Record<string, Schema>>;

  beforeAll(async () => {
    plane = await startControlPlane({ minor });
    const text = await plane.kubectl(['get', '--raw', '/openapi/v2']);
    ({ definitions } = JSON.parse(text) as { definitions: Record<string, Schema> });
  });
  afterAll(async () => {
    await plane?.stop();
  });

  test.for(WORKLOADS)('every image of a %s is found', ([definition, group, version, resource]) => {
    const kind = definition.slice(definition.lastIndexOf('.') + 1);
    const paths = imagePaths({ $ref: `#/definitions/${definition}` }, definitions);
    const notFound = paths.filter((path) => {
      const object = { kind, metadata: { name: 'x' }, ...(objectWith(path.split('.')) as object) };
      return !found({ kind, group, version, resource, object });
    });
    expect(notFound).toEqual([]);
    // Containers of three lists (a Pod alone may have all in use) and image volumes: the walk itself works.
    expect(paths.filter((path) => path.endsWith('containers.0.image'))).not.toEqual([]);
    expect(paths.filter((path) => path.endsWith('volumes.0.image.reference'))).not.toEqual([]);
  });
});

test('a field that nobody reads would be noticed', () => {
  const container: Schema = { properties: { image: { type: 'string' }, sidecarImage: { type: 'string' } } };
  const definitions = { PodSpec: { properties: { containers: { type: 'array', items: container } } } };
  const schema = { properties: { spec: { $ref: '#/definitions/PodSpec' } } };
  const paths = imagePaths(schema, definitions);
  expect(paths).toEqual(['spec.containers.0.image', 'spec.containers.0.sidecarImage']);
  const isFound = (path: string): boolean => {
    const object = { kind: 'Pod', ...(objectWith(path.split('.')) as object) };
    return found({ kind: 'Pod', group: '', version: 'v1', resource: 'pods', object });
  };
  expect(paths.filter((path) => !isFound(path))).toEqual(['spec.containers.0.sidecarImage']);
});

/** Paths of all strings that may name an image, in an object's spec; a list's item has the index 0. */
function imagePaths(
  schema: Schema,
  definitions: Readonly<Record<string, Schema>>,
  path: readonly string[] = [],
  within: readonly string[] = [],
): readonly string[] {
  if (path[0] === 'status' || path[0] === 'metadata') return [];
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice('#/definitions/'.length);
    const target = definitions[name];
    if (target === undefined || within.includes(name)) return [];
    return imagePaths(target, definitions, path, [...within, name]);
  }
  if (schema.items !== undefined) return imagePaths(schema.items, definitions, [...path, '0'], within);
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, value]) =>
      imagePaths(value, definitions, [...path, key], within),
    );
  }
  return schema.type === 'string' && mayNameImage(path) ? [path.join('.')] : [];
}

function mayNameImage(path: readonly string[]): boolean {
  const [last = '', before = ''] = path.toReversed();
  if (!/image|reference/i.test(last)) return false;
  return !NO_IMAGE.has(last) && !NO_IMAGE.has(`${before}.${last}`);
}

/** `['a', '0', 'b']` → `{ a: [{ name, b: IMAGE }] }`. */
function objectWith([key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return 'registry.test/found:v1';
  const inner = objectWith(rest);
  if (key === '0') return [typeof inner === 'object' ? { name: 'x', ...inner } : inner];
  return { [key]: inner };
}

function found(parts: {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly object: unknown;
}): boolean {
  const { kind, group, version, resource, object } = parts;
  const request = {
    uid: 'u',
    kind: { group, version, kind },
    resource: { group, version, resource },
    namespace: 'default',
    operation: 'CREATE',
    object,
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const sites = findImageSites(parseAdmissionReview(Buffer.from(JSON.stringify(review))));
  return sites.kind === 'found' && sites.images.includes('registry.test/found:v1');
}

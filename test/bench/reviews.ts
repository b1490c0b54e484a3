import { randomUUID } from 'node:crypto';

/** A Deployment under creation with one container for each image, grown to `bytes` by what makes reviews large. */
export function deploymentReview(images: readonly string[], bytes: number): Buffer {
  const review = deployment(images);
  const { managedFields, annotations } = review.request.object.metadata;
  const size = (): number => Buffer.byteLength(JSON.stringify(review));
  const entry = JSON.stringify(managedField(0)).length;
  while (size() + entry + 100 < bytes) managedFields.push(managedField(managedFields.length));
  const short = bytes - size() - '"note":""'.length;
  if (short > 0) annotations['note'] = 'x'.repeat(short);
  return Buffer.from(JSON.stringify(review));
}

/** A Pod with one container; `uid` so that its decision can be found. */
export function podReview(image: string, uid: string = randomUUID()): Buffer {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { containers: [{ name: 'main', image }] },
  };
  return Buffer.from(JSON.stringify(envelope('', 'Pod', 'pods', object, uid)));
}

function deployment(images: readonly string[]) {
  const containers = images.map((image, index) => ({
    name: `container-${index}`,
    image,
    env: Array.from({ length: 8 }, (_, at) => ({ name: `VARIABLE_${at}`, value: 'a value of usual length' })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    imagePullPolicy: 'IfNotPresent',
  }));
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: {} as Record<string, string>,
      managedFields: [] as object[],
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    },
  };
  return envelope('apps', 'Deployment', 'deployments', object, randomUUID());
}

function managedField(index: number): object {
  const container = { '.': {}, 'f:env': {}, 'f:image': {}, 'f:imagePullPolicy': {}, 'f:name': {} };
  return {
    manager: `controller-${index}`,
    operation: 'Update',
    apiVersion: 'apps/v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"main"}': container } } } },
    },
  };
}

function envelope<T>(group: string, kind: string, resource: string, object: T, uid: string) {
  const named = { group, version: 'v1', kind };
  const plural = { group, version: 'v1', resource };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: named,
      resource: plural,
      requestKind: named,
      requestResource: plural,
      name: 'web',
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'developer', groups: ['developers', 'system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

import type { Json } from './node/cluster-api.js';

/** The kinds that carry images. */
export const KINDS = [
  'Pod',
  'PodTemplate',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
] as const;
export type Kind = (typeof KINDS)[number];

/** Where in a pod an image can be named. */
export const POSITIONS = ['container', 'init container', 'sidecar', 'image volume'] as const;
export type Position = (typeof POSITIONS)[number];

const GROUPS: Partial<Record<Kind, string>> = {
  ReplicaSet: 'apps/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

/** A pod with one image in every position. */
export function podSpec(images: Readonly<Record<Position, string>>): Json {
  return {
    initContainers: [
      { name: 'init', image: images['init container'] },
      { name: 'sidecar', image: images.sidecar, restartPolicy: 'Always' },
    ],
    containers: [
      { name: 'main', image: images.container, volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    ],
    volumes: [{ name: 'data', image: { reference: images['image volume'] } }],
  };
}

/** A pod with one container. */
export function oneContainer(image: string): Json {
  return { containers: [{ name: 'main', image }] };
}

/** The smallest object of a kind around a pod. */
export function manifest(kind: Kind, name: string, spec: Json, metadata: Json = {}): Json {
  const object = { apiVersion: GROUPS[kind] ?? 'v1', kind, metadata: { name, ...metadata } };
  const labels = { app: name };
  const template = { metadata: { labels }, spec };
  const once = { metadata: { labels }, spec: { restartPolicy: 'Never', ...spec } };
  const selected = { selector: { matchLabels: labels }, template };
  switch (kind) {
    case 'Pod':
      return { ...object, metadata: { labels, ...object.metadata }, spec };
    case 'PodTemplate':
      return { ...object, template };
    case 'ReplicationController':
      return { ...object, spec: { replicas: 1, selector: labels, template } };
    case 'StatefulSet':
      return { ...object, spec: { serviceName: name, ...selected } };
    case 'ReplicaSet':
    case 'Deployment':
    case 'DaemonSet':
      return { ...object, spec: selected };
    case 'Job':
      return { ...object, spec: { template: once } };
    case 'CronJob':
      return { ...object, spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: once } } } };
  }
}

/** The pod in an object as the API server has it. */
export function podIn(object: Json): Json {
  switch (object.kind) {
    case 'Pod':
      return object.spec;
    case 'PodTemplate':
      return object.template.spec;
    case 'CronJob':
      return object.spec.jobTemplate.spec.template.spec;
    default:
      return object.spec.template.spec;
  }
}

/** Every image that a pod names, in every position. */
export function imagesIn(spec: Json): string[] {
  return [
    ...(spec.initContainers ?? []).map(({ image }: Json) => image),
    ...(spec.containers ?? []).map(({ image }: Json) => image),
    ...(spec.ephemeralContainers ?? []).map(({ image }: Json) => image),
    ...(spec.volumes ?? []).flatMap((volume: Json) =>
      volume.image === undefined ? [] : [volume.image.reference],
    ),
  ];
}

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { bytesOf, type KindName, KINDS, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { findImageSites, MAX_IMAGES } from './find-image-sites.js';
import type { ImageSites } from './image-sites.js';
import { MAX_SITES } from './pod-spec-images.js';

function sitesOf(parts: ReviewParts): ImageSites {
  return findImageSites(parseAdmissionReview(bytesOf(reviewOf(parts))));
}

/** `pointer → image` or `pointer → !fault`; or the reason why there are none. */
function foundIn(parts: ReviewParts): Record<string, string> | string {
  const sites = sitesOf(parts);
  if (sites.kind === 'none') return `none: ${sites.reason}`;
  if (sites.kind === 'unreadable') return `${sites.code} ${sites.fault}`;
  return Object.fromEntries(sites.sites.map(({ id, image, fault }) => [id, image ?? `!${fault}`]));
}

const POSITIONS = ['first', 'middle', 'last'] as const;
const LISTS = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'] as const;
const IDS: Partial<Record<`${KindName} ${(typeof LISTS)[number]}`, string>> = {
  'Pod initContainers': 'K01 ',
  'Pod ephemeralContainers': 'K03 ',
  'Deployment ephemeralContainers': 'K04 ',
  'Pod volumes': 'K05 ',
  'Deployment volumes': 'K06 ',
  'PodTemplate containers': 'K10 ',
  'ReplicationController containers': 'K11 ',
  'CronJob containers': 'K12 ',
  'Job containers': 'K13 ',
};

const MATRIX = KINDS.flatMap(({ kind, at }) =>
  LISTS.flatMap((list) =>
    POSITIONS.map((position, index) => ({
      name: `${IDS[`${kind} ${list}`] ?? ''}${kind} ${list} ${position}`,
      kind,
      list,
      index,
      pointer: `${at}/${list}/${index}/image${list === 'volumes' ? '/reference' : ''}`,
    })),
  ),
);

describe('every kind × list × position', () => {
  test.for(MATRIX)('$name', ({ kind, list, index, pointer }) => {
    const images = ['good/a', 'good/b', 'good/c'].with(index, 'evil/x');
    const entries = images.map((image, number) =>
      list === 'volumes'
        ? { name: `n${number}`, image: { reference: image } }
        : { name: `n${number}`, image },
    );
    const found = foundIn({
      kind,
      spec: { containers: [{ name: 'main', image: 'good/main' }], [list]: entries },
    });
    expect(found).toMatchObject({ [pointer]: 'evil/x' });
    expect(Object.keys(found)).toHaveLength(list === 'containers' ? 3 : 4);
  });
});

describe('subresources and operations', () => {
  const spec = { containers: [{ name: 'a', image: 'nginx' }] };
  const other = { containers: [{ name: 'a', image: 'evil' }] };
  const scale = {
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    operation: 'UPDATE',
    subResource: 'scale',
  };
  const deployments = { resource: { group: 'apps', version: 'v1', resource: 'deployments' } };
  const scaled = (object: unknown): Record<string, unknown> => ({
    ...scale,
    ...deployments,
    object,
    oldObject: {},
  });
  const onPod = (kind: string, subResource: string, object: unknown): ReviewParts => ({
    spec,
    request: { kind: { group: '', version: 'v1', kind }, subResource, object },
  });

  test.for<{ name: string; parts: ReviewParts; expected: unknown }>([
    {
      name: 'K47 DELETE has no images',
      parts: { operation: 'DELETE', oldSpec: spec },
      expected: 'none: delete',
    },
    {
      name: 'K47 CONNECT is not judged',
      parts: { spec, operation: 'CONNECT' },
      expected: 'CNS-3001 connect',
    },
    {
      name: 'K18 a Scale has no images',
      parts: { request: scaled({ kind: 'Scale', spec: { replicas: 3 } }) },
      expected: 'none: scale',
    },
    { name: 'K18 a Scale to zero', parts: { request: scaled({ spec: {} }) }, expected: 'none: scale' },
    {
      name: 'K18 a Scale with a template',
      parts: { request: scaled({ spec: { replicas: 3, template: {} } }) },
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K18 a Scale with a field beside spec',
      parts: { request: scaled({ spec: {}, template: {} }) },
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K18 a Scale whose spec is a list',
      parts: { request: scaled({ spec: [] }) },
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K18 a Pod through scale',
      parts: onPod('Pod', 'scale', { spec: {} }),
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K17 a Binding has no images',
      parts: onPod('Binding', 'binding', { target: { kind: 'Node' } }),
      expected: 'none: binding',
    },
    {
      name: 'K17 a Binding with a spec',
      parts: onPod('Binding', 'binding', { spec }),
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K17 an Eviction has no images',
      parts: onPod('Eviction', 'eviction', { metadata: {} }),
      expected: 'none: eviction',
    },
    {
      name: 'K17 a Pod through eviction',
      parts: onPod('Pod', 'eviction', { metadata: {} }),
      expected: 'CNS-1010 not-image-free',
    },
    {
      name: 'K17 status with the same images',
      parts: { kind: 'Deployment', operation: 'UPDATE', subResource: 'status', spec, oldSpec: spec },
      expected: 'none: status',
    },
    {
      name: 'K17 status with another image',
      parts: { kind: 'Deployment', operation: 'UPDATE', subResource: 'status', spec: other, oldSpec: spec },
      expected: { '/spec/template/spec/containers/0/image': 'evil' },
    },
    {
      name: 'K17 status with one container more',
      parts: {
        operation: 'UPDATE',
        subResource: 'status',
        spec: { containers: [...spec.containers, { name: 'b', image: 'b' }] },
        oldSpec: spec,
      },
      expected: { '/spec/containers/0/image': 'nginx', '/spec/containers/1/image': 'b' },
    },
    {
      name: 'K17 status with one container less',
      parts: {
        operation: 'UPDATE',
        subResource: 'status',
        spec,
        oldSpec: { ...spec, initContainers: [{ name: 'i', image: 'i' }] },
      },
      expected: { '/spec/containers/0/image': 'nginx' },
    },
    {
      name: 'K17 resize carries the whole pod',
      parts: { operation: 'UPDATE', subResource: 'resize', spec: other, oldSpec: spec },
      expected: { '/spec/containers/0/image': 'evil' },
    },
    {
      name: 'K03 ephemeralcontainers carries the whole pod',
      parts: {
        operation: 'UPDATE',
        subResource: 'ephemeralcontainers',
        spec: { ...spec, ephemeralContainers: [{ name: 'd', image: 'dbg' }] },
        oldSpec: spec,
      },
      expected: { '/spec/containers/0/image': 'nginx', '/spec/ephemeralContainers/0/image': 'dbg' },
    },
    {
      name: 'ephemeralcontainers of a Deployment',
      parts: { kind: 'Deployment', spec, subResource: 'ephemeralcontainers' },
      expected: 'CNS-3001 unknown-subresource',
    },
    {
      name: 'an unknown subresource',
      parts: { spec, subResource: 'frobnicate' },
      expected: 'CNS-3001 unknown-subresource',
    },
    {
      name: 'K22 a deletionTimestamp in a CREATE is no reason',
      parts: { spec, metadata: { deletionTimestamp: '2026-11-21T00:00:00Z' } },
      expected: { '/spec/containers/0/image': 'nginx' },
    },
    {
      name: 'K38 a mirror annotation is no reason',
      parts: { spec, metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } },
      expected: { '/spec/containers/0/image': 'nginx' },
    },
  ])('$name', ({ parts, expected }) => {
    expect(foundIn(parts)).toEqual(expected);
  });
});

describe('kinds', () => {
  const foreign = (group: string, version: string, kind: string, resource: string): ReviewParts => ({
    spec: { containers: [{ name: 'a', image: 'nginx' }] },
    request: {
      kind: { group, version, kind },
      resource: { group, version, resource },
      object: { spec: { template: { spec: { containers: [{ name: 'a', image: 'nginx' }] } } } },
    },
  });

  test.for([
    { name: 'K15 a custom resource', parts: foreign('argoproj.io', 'v1alpha1', 'Rollout', 'rollouts') },
    { name: 'K15 a Job of another group', parts: foreign('batch.volcano.sh', 'v1', 'Job', 'jobs') },
    { name: 'K14 a future version', parts: foreign('apps', 'v2', 'Deployment', 'deployments') },
    { name: 'J06 a kind named constructor', parts: foreign('', 'v1', 'constructor', 'constructors') },
    { name: 'J06 a kind named __proto__', parts: foreign('', 'v1', '__proto__', '__proto__') },
    { name: 'a kind of the core group without images', parts: foreign('', 'v1', 'ConfigMap', 'configmaps') },
  ])('$name is denied', ({ parts }) => {
    expect(foundIn(parts)).toBe('CNS-3001 unknown-kind');
  });

  test.for([
    { name: 'K14 apps/v1beta2', parts: foreign('apps', 'v1beta2', 'Deployment', 'deployments') },
    { name: 'K14 extensions/v1beta1', parts: foreign('extensions', 'v1beta1', 'DaemonSet', 'daemonsets') },
  ])('$name, an older version with the same shape, is read', ({ parts }) => {
    expect(foundIn(parts)).toEqual({ '/spec/template/spec/containers/0/image': 'nginx' });
  });
});

describe('objects', () => {
  const containers = (...list: unknown[]): { containers: unknown[] } => ({ containers: list });
  test.for<{ name: string; parts: ReviewParts; expected: unknown }>([
    {
      name: 'K40 a Pod with an empty image',
      parts: { spec: containers({ name: 'a', image: '' }) },
      expected: { '/spec/containers/0/image': '!blank' },
    },
    {
      name: 'K40 a Pod with a blank image',
      parts: { spec: containers({ name: 'a', image: ' \t' }) },
      expected: { '/spec/containers/0/image': '!blank' },
    },
    {
      name: 'K40 a Pod without image',
      parts: { spec: containers({ name: 'a' }) },
      expected: { '/spec/containers/0/image': '!missing' },
    },
    {
      name: 'K40 a template with one blank image',
      parts: { kind: 'Job', spec: containers({ name: 'a', image: ' ' }, { name: 'b', image: 'b' }) },
      expected: { '/spec/template/spec/containers/1/image': 'b' },
    },
    {
      name: 'K40 a template with blank images only',
      parts: { kind: 'Job', spec: containers({ name: 'a', image: ' ' }, { name: 'b' }) },
      expected: 'CNS-1010 no-images',
    },
    {
      name: 'a space that is not ASCII is not blank',
      parts: { kind: 'Job', spec: containers({ name: 'a', image: '\u00a0' }) },
      expected: { '/spec/template/spec/containers/0/image': '\u00a0' },
    },
    {
      name: 'K41 image null',
      parts: { spec: containers({ name: 'a', image: null }) },
      expected: { '/spec/containers/0/image': '!not-a-string' },
    },
    {
      name: 'K41 image null in a template',
      parts: { kind: 'Job', spec: containers({ name: 'a', image: null }) },
      expected: { '/spec/template/spec/containers/0/image': '!not-a-string' },
    },
    {
      name: 'K41 image a number',
      parts: { spec: containers({ name: 'a', image: 7 }) },
      expected: { '/spec/containers/0/image': '!not-a-string' },
    },
    {
      name: 'K41 image an object',
      parts: { spec: containers({ name: 'a', image: { toString: 'nginx' } }) },
      expected: { '/spec/containers/0/image': '!not-a-string' },
    },
    {
      name: 'K41 image a list',
      parts: { spec: containers({ name: 'a', image: ['nginx'] }) },
      expected: { '/spec/containers/0/image': '!not-a-string' },
    },
    {
      name: 'K41 a container that is null',
      parts: { spec: containers(null) },
      expected: { '/spec/containers/0': '!not-an-object' },
    },
    {
      name: 'K41 a container that is text',
      parts: { spec: containers('nginx') },
      expected: { '/spec/containers/0': '!not-an-object' },
    },
    {
      name: 'K41 a volume that is null',
      parts: { spec: { ...containers({ name: 'a', image: 'a' }), volumes: [null] } },
      expected: { '/spec/containers/0/image': 'a', '/spec/volumes/0': '!not-an-object' },
    },
    {
      name: 'K41 a volume image that is text',
      parts: { spec: { ...containers({ name: 'a', image: 'a' }), volumes: [{ image: 'x' }] } },
      expected: { '/spec/containers/0/image': 'a', '/spec/volumes/0/image': '!not-an-object' },
    },
    {
      name: 'K05 an image volume without reference in a Pod',
      parts: { spec: { ...containers({ name: 'a', image: 'a' }), volumes: [{ image: {} }] } },
      expected: { '/spec/containers/0/image': 'a', '/spec/volumes/0/image/reference': '!missing' },
    },
    {
      name: 'K06 an image volume without reference in a template',
      parts: { kind: 'Job', spec: { ...containers({ name: 'a', image: 'a' }), volumes: [{ image: {} }] } },
      expected: { '/spec/template/spec/containers/0/image': 'a' },
    },
    {
      name: 'other volumes are no sites',
      parts: { spec: { ...containers({ name: 'a', image: 'a' }), volumes: [{ name: 'e', emptyDir: {} }] } },
      expected: { '/spec/containers/0/image': 'a' },
    },
    {
      name: 'containers that are an object',
      parts: { spec: { containers: { 0: { image: 'a' } } } },
      expected: 'CNS-1010 not-a-list',
    },
    {
      name: 'a list that is null is empty',
      parts: { spec: { ...containers({ name: 'a', image: 'a' }), initContainers: null } },
      expected: { '/spec/containers/0/image': 'a' },
    },
    { name: 'no containers', parts: { spec: {} }, expected: 'CNS-1010 no-images' },
    { name: 'empty lists', parts: { spec: containers() }, expected: 'CNS-1010 no-images' },
    { name: 'a pod spec that is null', parts: { spec: null }, expected: 'CNS-1010 no-pod-spec' },
    {
      name: 'K11 a ReplicationController without template',
      parts: { kind: 'ReplicationController', spec: {}, request: { object: { spec: { replicas: 1 } } } },
      expected: 'CNS-1010 no-pod-spec',
    },
    {
      name: 'K11 a ReplicationController with template null',
      parts: { kind: 'ReplicationController', spec: {}, request: { object: { spec: { template: null } } } },
      expected: 'CNS-1010 no-pod-spec',
    },
    {
      name: 'a CronJob cut off half way',
      parts: { kind: 'CronJob', spec: {}, request: { object: { spec: { jobTemplate: { spec: 1 } } } } },
      expected: 'CNS-1010 no-pod-spec',
    },
    {
      name: 'K54 more sites than we look at',
      parts: { spec: containers(...Array.from({ length: MAX_SITES + 1 }, () => ({ image: 'a' }))) },
      expected: 'CNS-1010 too-many-sites',
    },
    {
      name: 'K54 more images than we verify',
      parts: {
        spec: containers(...Array.from({ length: MAX_IMAGES + 1 }, (_, index) => ({ image: `a${index}` }))),
      },
      expected: 'CNS-1010 too-many-images',
    },
  ])('$name', ({ parts, expected }) => {
    expect(foundIn(parts)).toEqual(expected);
  });

  test('K54 one image in as many containers as allowed is one image', () => {
    const sites = sitesOf({ spec: containers(...Array.from({ length: MAX_SITES }, () => ({ image: 'a' }))) });
    expect(sites.kind === 'found' && [sites.sites.length, sites.images]).toEqual([MAX_SITES, ['a']]);
  });

  test('K54 as many images as we verify', () => {
    const sites = sitesOf({
      spec: containers(...Array.from({ length: MAX_IMAGES }, (_, index) => ({ image: `a${index}` }))),
    });
    expect(sites.kind === 'found' && sites.images.length).toBe(MAX_IMAGES);
  });
});

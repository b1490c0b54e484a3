// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { bytesOf, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { findImageSites } from './find-image-sites.js';
import { unchangedSites } from './unchanged-sites.js';

const PINNED = `ghcr.io/acme/api@sha256:${'a'.repeat(64)}`;
const DELETING = { name: 'api', deletionTimestamp: '2026-11-21T01:42:46Z' };

/** The short names of the sites that are unchanged: `containers/0`. */
function unchangedIn(parts: ReviewParts, automaticUnchangedApproval = false): readonly string[] {
  const sites = findImageSites(parseAdmissionReview(bytesOf(reviewOf({ operation: 'UPDATE', ...parts }))));
  const ids = [...unchangedSites(sites, { automaticUnchangedApproval }).keys()];
  return ids.map((id) => /(\w+\/\d+)\/image/.exec(id)?.[1] ?? id);
}

const containers = (...list: readonly (readonly [string, unknown])[]): Record<string, unknown> => ({
  containers: list.map(([name, image]) => ({ name, image })),
});
const one = containers(['a', 'nginx:1']);

describe('on a Pod', () => {
  test.for<{ name: string; parts: ReviewParts; expected: readonly string[] }>([
    { name: 'K31 the same tag', parts: { spec: one, oldSpec: one }, expected: ['containers/0'] },
    { name: 'K08 another image', parts: { spec: containers(['a', 'nginx:2']), oldSpec: one }, expected: [] },
    {
      name: 'K08 another spelling of the same image',
      parts: { spec: containers(['a', 'docker.io/library/nginx:1']), oldSpec: one },
      expected: [],
    },
    {
      name: 'K09 another init image',
      parts: {
        spec: { ...one, initContainers: [{ name: 'i', image: 'evil' }] },
        oldSpec: { ...one, initContainers: [{ name: 'i', image: 'good' }] },
      },
      expected: ['containers/0'],
    },
    {
      name: 'K32 two containers change images',
      parts: { spec: containers(['a', 'y'], ['b', 'x']), oldSpec: containers(['a', 'x'], ['b', 'y']) },
      expected: [],
    },
    {
      name: 'K32 the same containers in another order',
      parts: { spec: containers(['b', 'y'], ['a', 'x']), oldSpec: containers(['a', 'x'], ['b', 'y']) },
      expected: ['containers/0', 'containers/1'],
    },
    {
      name: 'K32 from init to main',
      parts: {
        spec: { ...one, initContainers: [{ name: 'i', image: 'z' }] },
        oldSpec: {
          initContainers: [{ name: 'a', image: 'nginx:1' }],
          containers: [{ name: 'i', image: 'z' }],
        },
      },
      expected: [],
    },
    {
      name: 'K32 a known image in a new container',
      parts: { spec: containers(['a', 'nginx:1'], ['b', 'nginx:1']), oldSpec: one },
      expected: ['containers/0'],
    },
    {
      name: 'a name that occurs twice now',
      parts: { spec: containers(['a', 'nginx:1'], ['a', 'nginx:1']), oldSpec: one },
      expected: [],
    },
    {
      name: 'a name that occurred twice before',
      parts: { spec: one, oldSpec: containers(['a', 'nginx:1'], ['a', 'nginx:1']) },
      expected: [],
    },
    {
      name: 'containers without a name',
      parts: { spec: { containers: [{ image: 'x' }] }, oldSpec: { containers: [{ image: 'x' }] } },
      expected: [],
    },
    {
      name: 'names that are no text',
      parts: {
        spec: { containers: [{ name: 1, image: 'x' }] },
        oldSpec: { containers: [{ name: 1, image: 'x' }] },
      },
      expected: [],
    },
    {
      name: 'J06 a container named __proto__',
      parts: { spec: containers(['__proto__', 'x']), oldSpec: containers(['__proto__', 'x']) },
      expected: ['containers/0'],
    },
    {
      name: 'J06 a container named constructor that is new',
      parts: { spec: containers(['constructor', 'x']), oldSpec: one },
      expected: [],
    },
    {
      name: 'K41 no image before and now',
      parts: { spec: containers(['a', undefined]), oldSpec: containers(['a', undefined]) },
      expected: [],
    },
    {
      name: 'K41 null before and now',
      parts: { spec: containers(['a', null]), oldSpec: containers(['a', null]) },
      expected: [],
    },
    {
      name: 'K05 an image volume',
      parts: {
        spec: { ...one, volumes: [{ name: 'v', image: { reference: 'x' } }] },
        oldSpec: { ...one, volumes: [{ name: 'v', image: { reference: 'x' } }] },
      },
      expected: ['containers/0', 'volumes/0'],
    },
    {
      name: 'K05 a volume that was something else',
      parts: {
        spec: { ...one, volumes: [{ name: 'v', image: { reference: 'x' } }] },
        oldSpec: { ...one, volumes: [{ name: 'v', emptyDir: {} }] },
      },
      expected: ['containers/0'],
    },
    {
      name: 'K03 only the ephemeral container is new',
      parts: {
        subResource: 'ephemeralcontainers',
        spec: { ...one, ephemeralContainers: [{ name: 'd', image: 'dbg' }] },
        oldSpec: one,
      },
      expected: ['containers/0'],
    },
    {
      name: 'K17 resize',
      parts: { subResource: 'resize', spec: one, oldSpec: one },
      expected: ['containers/0'],
    },
    {
      name: 'an old pod that cannot be read',
      parts: { spec: one, oldSpec: { containers: 7 } },
      expected: [],
    },
    {
      name: 'K34 a CREATE with a forged oldObject',
      parts: { operation: 'CREATE', spec: one, oldSpec: one },
      expected: [],
    },
    {
      name: 'K22 a new object that says it is deleted',
      parts: { spec: containers(['a', 'evil']), oldSpec: one, metadata: DELETING },
      expected: [],
    },
    {
      name: 'K20 a changed image while being deleted',
      parts: { spec: containers(['a', 'evil']), oldSpec: one, metadata: DELETING, oldMetadata: DELETING },
      expected: [],
    },
  ])('$name', ({ parts, expected }) => {
    expect(unchangedIn(parts)).toEqual(expected);
  });
});

describe('on a template', () => {
  const kind = 'Deployment';
  const pinned = containers(['a', PINNED]);
  test.for<{ name: string; parts: ReviewParts; feature: boolean; expected: readonly string[] }>([
    {
      name: 'a digest, with the feature',
      parts: { spec: pinned, oldSpec: pinned },
      feature: true,
      expected: ['containers/0'],
    },
    {
      name: 'a digest, without the feature',
      parts: { spec: pinned, oldSpec: pinned },
      feature: false,
      expected: [],
    },
    { name: 'K31 a tag, with the feature', parts: { spec: one, oldSpec: one }, feature: true, expected: [] },
    {
      name: 'K31 a digest that is cut',
      parts: {
        spec: containers(['a', PINNED.slice(0, -1)]),
        oldSpec: containers(['a', PINNED.slice(0, -1)]),
      },
      feature: true,
      expected: [],
    },
    {
      name: 'an image id is no digest reference',
      parts: { spec: containers(['a', PINNED.slice(17)]), oldSpec: containers(['a', PINNED.slice(17)]) },
      feature: true,
      expected: [],
    },
    {
      name: 'K19 another digest while scaling down',
      parts: { spec: containers(['a', PINNED.replaceAll('a'.repeat(64), 'b'.repeat(64))]), oldSpec: pinned },
      feature: true,
      expected: [],
    },
    {
      name: 'K20 a finalizer comes off a template that is being deleted',
      parts: { spec: one, oldSpec: one, oldMetadata: DELETING },
      feature: false,
      expected: ['containers/0'],
    },
    {
      name: 'K20 another image while being deleted',
      parts: {
        spec: containers(['a', 'evil'], ['b', 'y']),
        oldSpec: containers(['a', 'x'], ['b', 'y']),
        oldMetadata: DELETING,
      },
      feature: false,
      expected: [],
    },
    {
      name: 'K20 a container more while being deleted',
      parts: {
        spec: containers(['a', 'x'], ['b', 'y']),
        oldSpec: containers(['a', 'x']),
        oldMetadata: DELETING,
      },
      feature: false,
      expected: [],
    },
    {
      name: 'K20 a container less while being deleted',
      parts: {
        spec: containers(['a', 'x']),
        oldSpec: containers(['a', 'x'], ['b', 'y']),
        oldMetadata: DELETING,
      },
      feature: false,
      expected: [],
    },
    {
      name: 'K22 only the new object says that it is deleted',
      parts: { spec: one, oldSpec: one, metadata: DELETING },
      feature: false,
      expected: [],
    },
    {
      name: 'K22 deletionTimestamp null',
      parts: { spec: one, oldSpec: one, oldMetadata: { deletionTimestamp: null } },
      feature: false,
      expected: [],
    },
  ])('$name', ({ parts, feature, expected }) => {
    expect(unchangedIn({ kind, ...parts }, feature)).toEqual(expected);
  });

  test('K20 with the feature on, a deletion approves no more than the feature where images change', () => {
    const spec = containers(['a', PINNED], ['b', 'evil']);
    const oldSpec = containers(['a', PINNED], ['b', 'y']);
    expect(unchangedIn({ kind, spec, oldSpec, oldMetadata: DELETING }, true)).toEqual(['containers/0']);
  });
});

test('a request without sites has none unchanged', () => {
  expect(unchangedIn({ operation: 'DELETE', oldSpec: one })).toEqual([]);
  expect(unchangedIn({ spec: {}, oldSpec: {} })).toEqual([]);
});

describe('on a ReplicaSet of a Deployment that goes on', () => {
  interface Row {
    readonly name: string;
    readonly replicas: readonly [before: unknown, now: unknown];
    readonly kind?: 'ReplicaSet' | 'StatefulSet';
    readonly spec?: unknown;
    readonly expected: readonly string[];
  }
  test.for<Row>([
    { name: 'fewer pods of an image that is not trusted', replicas: [3, 0], expected: ['containers/0'] },
    { name: 'as many, with other annotations', replicas: [1, 1], expected: ['containers/0'] },
    { name: 'more pods', replicas: [0, 1], expected: [] },
    { name: 'a number that is none', replicas: [3, '0'], expected: [] },
    { name: 'no number before', replicas: [undefined, 0], expected: [] },
    {
      name: 'K19 fewer pods and another image',
      replicas: [3, 0],
      spec: containers(['a', 'evil']),
      expected: [],
    },
    { name: 'K19 fewer pods of a StatefulSet', kind: 'StatefulSet', replicas: [3, 0], expected: [] },
  ])('$name', ({ replicas: [before, now], kind = 'ReplicaSet', spec = one, expected }) => {
    const object = (replicas: unknown, pod: unknown): unknown => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: 'api-1' },
      spec: { replicas, template: { spec: pod } },
    });
    const request = { object: object(now, spec), oldObject: object(before, one) };
    expect(unchangedIn({ kind, spec, oldSpec: one, request })).toEqual(expected);
  });
});

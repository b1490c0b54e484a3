import { describe, expect, test } from 'vitest';

import { judged } from '../test/judge.js';
import { bytesOf, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { decide } from './decide.js';
import { effectiveMode } from './effective-mode.js';
import { findImageSites, type FindOptions } from './find-image-sites.js';
import type { ImageSites } from './image-sites.js';

const imageDrivers = new Map([['csi.example', 'image']]);

function sitesOf(parts: ReviewParts, options: FindOptions = {}): ImageSites {
  return findImageSites(parseAdmissionReview(bytesOf(reviewOf(parts))), options);
}

const spec = (csi: unknown): Record<string, unknown> => ({
  containers: [{ name: 'a', image: 'app' }],
  volumes: [{ name: 'v', csi }],
});

describe('K07 inline volumes of CSI drivers', () => {
  const pointer = '/spec/volumes/0/csi/volumeAttributes/image';
  test.for<{ name: string; csi: unknown; found: readonly (string | undefined)[] }>([
    {
      name: 'a driver that pulls images',
      csi: volume('csi.example', { image: 'evil' }),
      found: [pointer, 'evil'],
    },
    { name: 'another driver', csi: volume('other.example', { image: 'evil' }), found: [] },
    { name: 'no driver', csi: { volumeAttributes: { image: 'evil' } }, found: [] },
    { name: 'no image', csi: volume('csi.example', {}), found: [pointer, undefined] },
    { name: 'no attributes', csi: { driver: 'csi.example' }, found: [pointer, undefined] },
    { name: 'a number for an image', csi: volume('csi.example', { image: 1 }), found: [pointer, undefined] },
    {
      name: 'a list for attributes',
      csi: volume('csi.example', []),
      found: ['/spec/volumes/0/csi/volumeAttributes', undefined],
    },
    { name: 'a source that is no object', csi: 'csi.example', found: ['/spec/volumes/0/csi', undefined] },
    { name: 'null, as the API server may write it', csi: null, found: [] },
    {
      name: 'an attribute of everything that is an object',
      csi: volume('csi.example', { toString: 'x' }),
      found: [pointer, undefined],
    },
  ])('$name', ({ csi, found }) => {
    const sites = sitesOf({ spec: spec(csi) }, { imageDrivers });
    const volumes = sites.kind === 'found' ? sites.sites.filter(({ list }) => list === 'volumes') : [];
    expect(volumes.flatMap(({ id, image }) => [id, image])).toEqual(found);
  });

  test('in a template, at its own pointer', () => {
    const sites = sitesOf(
      { kind: 'CronJob', spec: spec(volume('csi.example', { image: 'evil' })) },
      { imageDrivers },
    );
    expect(sites).toMatchObject({
      sites: [{}, { id: `/spec/jobTemplate/spec/template${pointer}`, image: 'evil' }],
    });
  });

  test('unchanged is seen by the same drivers in both versions', () => {
    const [now, before] = ['evil', 'good'].map((image) => spec(volume('csi.example', { image })));
    const sites = sitesOf({ operation: 'UPDATE', spec: now, oldSpec: before }, { imageDrivers });
    expect([...judged(sites, { judge: () => undefined }).keys()]).toEqual(['/spec/containers/0/image']);
  });
});

describe('an exempt namespace', () => {
  test.for<{ name: string; request: Record<string, unknown>; isIgnored: boolean; kind: string }>([
    { name: 'is not looked at', request: {}, isIgnored: true, kind: 'none' },
    { name: 'another one is', request: {}, isIgnored: false, kind: 'found' },
    {
      name: 'what is in no namespace is in no exempt one',
      request: { namespace: '' },
      isIgnored: true,
      kind: 'found',
    },
  ])('$name', ({ request, isIgnored, kind }) => {
    expect(sitesOf({ spec: spec(null), request }, { isIgnored }).kind).toBe(kind);
  });

  test('it is admitted, and the decision says why', () => {
    const sites = sitesOf({ spec: spec(null) }, { isIgnored: true });
    const decision = decide(sites, new Map(), { phase: 'mutate', mode: 'ignored' });
    expect(decision).toMatchObject({
      kind: 'allow',
      mode: 'ignored',
      patch: [],
      sites: { reason: 'ignored' },
    });
  });
});

test.for([
  { name: 'enforced', global: false, isDetectOnly: false, isIgnored: false, mode: 'enforce' },
  { name: 'detection mode everywhere', global: true, isDetectOnly: false, isIgnored: false, mode: 'detect' },
  {
    name: 'detection mode in this namespace',
    global: false,
    isDetectOnly: true,
    isIgnored: false,
    mode: 'detect',
  },
  { name: 'an exempt namespace', global: true, isDetectOnly: true, isIgnored: true, mode: 'ignored' },
] as const)('the mode: $name', ({ global, mode, ...namespace }) => {
  const request = parseAdmissionReview(bytesOf(reviewOf({ spec: spec(null) })));
  const features = { detectionMode: global, resourceValidationMode: 'all' } as const;
  expect(effectiveMode(request, features, namespace)).toBe(mode);
});

function volume(driver: string, volumeAttributes: unknown): unknown {
  return { driver, volumeAttributes };
}

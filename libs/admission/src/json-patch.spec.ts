import { expect, test } from 'vitest';

import { digestFor, judged, type JudgeOptions, proven } from '../test/judge.js';
import { bytesOf, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { findImageSites } from './find-image-sites.js';
import type { Ground } from './ground.js';
import { encodePatch, pinningPatch } from './json-patch.js';
import type { SiteId } from './image-sites.js';

const spec = (image: string): { containers: unknown[] } => ({ containers: [{ name: 'a', image }] });
const PINNED = `ghcr.io/acme/api:1@${digestFor('x')}`;

test.for<{ name: string; parts: ReviewParts; judge?: JudgeOptions['judge']; expected: readonly string[] }>([
  {
    name: 'a tag stays, the digest is added',
    parts: { spec: spec('ghcr.io/acme/api:1') },
    expected: [`ghcr.io/acme/api:1@${digestFor('ghcr.io/acme/api:1')}`],
  },
  {
    name: 'a short name becomes whole',
    parts: { spec: spec('nginx') },
    expected: [`docker.io/library/nginx:latest@${digestFor('docker.io/library/nginx:latest')}`],
  },
  { name: 'a digest stays as it is written', parts: { spec: spec(PINNED) }, expected: [] },
  { name: 'also with a short name', parts: { spec: spec(`nginx@${digestFor('x')}`) }, expected: [] },
  {
    name: 'insecureValidateOnly writes nothing',
    parts: { spec: spec('nginx') },
    judge: (image) => proven(image, 'insecureValidateOnly'),
    expected: [],
  },
  {
    name: 'static writes nothing',
    parts: { spec: spec('nginx') },
    judge: () => ({ outcome: 'admitted', ground: { kind: 'static' } }),
    expected: [],
  },
  {
    name: 'child writes nothing',
    parts: { spec: spec(PINNED) },
    judge: () => ({ outcome: 'admitted', ground: { kind: 'child', digest: digestFor('x') } as Ground }),
    expected: [],
  },
  {
    name: 'unchanged writes nothing',
    parts: { operation: 'UPDATE', spec: spec('nginx'), oldSpec: spec('nginx') },
    expected: [],
  },
])('$name', ({ parts, judge = proven, expected }) => {
  const sites = findImageSites(parseAdmissionReview(bytesOf(reviewOf(parts))));
  const patch = sites.kind === 'found' ? pinningPatch(sites, judged(sites, { judge })) : [];
  expect(patch.filter(({ op }) => op === 'replace').map(({ value }) => value)).toEqual(expected);
});

test('S22 any text comes back as it was: the patch is serialised, not written', () => {
  const value = '"},{"op":"remove","path":"/spec"}\n\u2028ü\\';
  const patch = [{ op: 'test', path: '/spec/containers/0/image' as SiteId, value }] as const;
  expect(JSON.parse(Buffer.from(encodePatch(patch), 'base64').toString('utf8'))).toEqual(patch);
});

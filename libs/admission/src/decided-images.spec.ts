import { describe, expect, test } from 'vitest';

import { DecidedImage } from '#contracts';

import { admit, allBut, digestFor } from '../test/judge.js';
import { reviewOf } from '../test/review.js';
import { decidedImages } from './decided-images.js';

const by = {
  rule: { index: 3, pattern: 'ghcr.io/acme/*:*' },
  validator: { name: 'acme-cosign', type: 'cosign' },
};
const at = (index: number): string => `/spec/containers/${index}/image`;
const containers = (...images: readonly unknown[]): { containers: unknown[] } => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});

describe('one entry for each image and way of judging', () => {
  test('an image in two containers is one entry', () => {
    const decision = admit(reviewOf({ spec: containers('a', 'b', 'a') }));
    const verified = { outcome: 'admitted', ground: 'verified', ...by };
    expect(decidedImages(decision)).toEqual([
      { image: 'a', sites: [at(0), at(2)], digest: digestFor('docker.io/library/a:latest'), ...verified },
      { image: 'b', sites: [at(1)], digest: digestFor('docker.io/library/b:latest'), ...verified },
    ]);
  });

  test('an image that is unchanged here and verified there is two entries', () => {
    const decision = admit(
      reviewOf({ operation: 'UPDATE', spec: containers('a', 'a'), oldSpec: containers('a') }),
    );
    expect(decidedImages(decision).map(({ ground, sites }) => [ground, sites])).toEqual([
      ['unchanged', [at(0)]],
      ['verified', [at(1)]],
    ]);
  });

  test('refused, undecided and faulty', () => {
    const judge = allBut({
      a: { outcome: 'refused', code: 'CNS-1003' },
      b: { outcome: 'undecided', code: 'CNS-2004' },
    });
    const decision = admit(reviewOf({ spec: containers('a', 'b', null, 'd') }), { judge });
    expect(decidedImages(decision).map(({ outcome, code, image }) => [outcome, code, image])).toEqual([
      ['refused', 'CNS-1003', 'a'],
      ['undecided', 'CNS-2004', 'b'],
      ['refused', 'CNS-1010', ''],
      ['admitted', undefined, 'd'],
    ]);
  });

  test('K36 an undone pin is a refusal in the record too', () => {
    const [entry] = decidedImages(admit(reviewOf({ spec: containers('a') }), { phase: 'validate' }));
    expect(entry).toMatchObject({ outcome: 'refused', code: 'CNS-1005' });
  });
});

test.for([
  {
    name: 'a request without images',
    review: reviewOf({ operation: 'DELETE', oldSpec: containers('a') }),
    count: 0,
  },
  { name: 'an object that cannot be read', review: reviewOf({ spec: {} }), count: 0 },
  {
    name: 'an image as long as a body',
    review: reviewOf({ spec: containers('a'.repeat(100_000)) }),
    count: 1,
  },
  {
    name: 'sixty images',
    review: reviewOf({ spec: containers(...Array.from({ length: 60 }, (_, i) => `i${i}`)) }),
    count: 60,
  },
  {
    name: 'one image in five hundred containers',
    review: reviewOf({ spec: containers(...Array.from({ length: 500 }, () => 'a')) }),
    count: 1,
  },
])('$name fits the record', ({ review, count }) => {
  const judge = (): { outcome: 'refused'; code: 'CNS-1010' } => ({ outcome: 'refused', code: 'CNS-1010' });
  const entries = decidedImages(admit(review, { judge }));
  expect(entries).toHaveLength(count);
  for (const entry of entries) expect(DecidedImage.safeParse(entry).success).toBe(true);
});

import { expect, test } from 'vitest';

import { compareSpecificity, type Criterion, type PlacedPattern } from './specificity.js';

const T = 'docker.io/securesystemsengineering/sample:v1'.split('/');

function placed(text: string, index: number): PlacedPattern {
  const components = text.split('/');
  return { text, index, components, certain: components.map(() => 0), key: '', parts: [] };
}

/** Connaisseur's own table of comparisons, on a name that is not normalised; the second wins in both orders. */
test.for<readonly [string, string, Criterion]>([
  ['', '*', 'length'],
  ['*:*', '*/*', 'components'],
  ['docker*/*', '*/*/*', 'components'],
  ['*', '*:*', 'length'],
  ['*/*', 'docker*/*', 'prefix'],
  ['*/*/image:v1', '*/sam*/*', 'prefix'],
  ['docker.i*/s*', 'docker.io/*', 'prefix'],
  ['*:test', '*/*', 'components'],
  ['securesystemsengineering/sample:*', 'securesystemsengineering/sample:v*', 'length'],
])('"%s" is less specific than "%s"', ([less, more, criterion]) => {
  expect(compareSpecificity(placed(more, 0), placed(less, 1), T)).toMatchObject({ criterion });
  expect(compareSpecificity(placed(more, 0), placed(less, 1), T).order).toBeGreaterThan(0);
  expect(compareSpecificity(placed(less, 1), placed(more, 0), T).order).toBeLessThan(0);
});

test('the later of two equal ones wins', () => {
  expect(compareSpecificity(placed('*', 1), placed('*', 0), T)).toMatchObject({
    order: 1,
    criterion: 'position',
  });
});

test('the leftmost difference decides', () => {
  const [a, b] = [placed('docker.io/x/sample', 0), placed('*/securesystemsengineering/sample', 1)];
  expect(compareSpecificity(a, b, T)).toMatchObject({ order: 9, criterion: 'prefix', component: 0 });
});

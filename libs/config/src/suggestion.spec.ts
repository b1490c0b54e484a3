import { expect, test } from 'vitest';

import { closest, editDistance } from './suggestion.js';

test.for([
  { left: '', right: 'abc', distance: 3 },
  { left: 'type', right: 'type', distance: 0 },
  { left: 'cosgin', right: 'cosign', distance: 1 },
  { left: 'valdator', right: 'validator', distance: 1 },
  { left: 'trust_root', right: 'trustRoot', distance: 2 },
  { left: 'kitten', right: 'sitting', distance: 3 },
])('from "$left" to "$right" it is $distance', ({ left, right, distance }) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test.for([
  { name: 'a swap', word: 'tpye', meant: 'type' },
  { name: 'another case', word: 'TYPE', meant: 'type' },
  { name: 'an older spelling', word: 'trust_roots', meant: 'trustRoots' },
  { name: 'nothing near', word: 'colour', meant: undefined },
  { name: 'something short', word: 'x', meant: undefined },
])('$name', ({ word, meant }) => {
  expect(closest(word, ['name', 'type', 'trustRoots'])).toBe(meant);
});

import { parseImageReference } from '#image-ref';
import { expect, test } from 'vitest';

import { compilePolicy } from './index.js';

const IMAGE = parseImageReference('docker.io/securesystemsengineering/sample:v1');

function explain(patterns: readonly string[], matching: 'strict' | 'connaisseur' = 'strict') {
  return compilePolicy(
    patterns.map((pattern) => ({ pattern })),
    matching,
  ).explain(IMAGE);
}

/** Connaisseur's own tables of lengths. */
test.for([
  { pattern: '*:*', lengths: [3], prefixes: [0] },
  { pattern: 'docker.io/*', lengths: [9, 1], prefixes: [9, 0] },
  { pattern: '*/sec*/*:*', lengths: [1, 4, 3], prefixes: [0, 3, 0] },
  { pattern: 'securesystemsengineering/sample', lengths: [9, 24, 6], prefixes: [9, 24, 6] },
])('$pattern has its lengths', ({ pattern, lengths, prefixes }) => {
  expect(explain([pattern]).matches).toMatchObject([
    { index: 0, components: lengths.length, componentLengths: lengths, prefixLengths: prefixes },
  ]);
});

test('in connaisseur matching Docker Hub is index.docker.io, and lengths are those of the pattern as written', () => {
  const { name, matches } = explain(['docker.io/*', 'sample'], 'connaisseur');
  expect(name).toBe('index.docker.io/securesystemsengineering/sample:v1');
  expect(matches.map(({ prefixLengths }) => prefixLengths)).toEqual([[0, 0], [0]]);
});

test('every rule that matches is there once, best first', () => {
  const { matches } = explain(['*:*', 'ghcr.io/*', '*/*', 'docker.io/*:*', '*/*/sample']);
  expect(matches.map(({ index }) => index)).toEqual([4, 3, 2, 0]);
});

test('a rule that matches in two spellings is there with the better one', () => {
  const image = parseImageReference('lynx');
  const policy = compilePolicy([{ pattern: 'docker.io/l*' }, { pattern: 'docker.io/*' }], 'strict');
  expect(policy.explain(image).matches).toMatchObject([
    { index: 0, pattern: 'docker.io/library/l*' },
    { index: 1, pattern: 'docker.io/*' },
  ]);
});

test.for([
  { name: 'nothing matches', patterns: ['ghcr.io/*'], reason: /^no rule/ },
  { name: 'one matches', patterns: ['*:*', 'ghcr.io/*'], reason: /policy\[0\].*only rule/ },
  {
    name: 'components',
    patterns: ['*:*', '*/*'],
    reason: /^policy\[1\] .* it has 2 components, the other 1$/,
  },
  { name: 'prefix', patterns: ['*/*:*', 'docker.io/*'], reason: /component 1 has 9 leading .* the other 0$/ },
  { name: 'length', patterns: ['*', '*:*'], reason: /component 1 is 3 characters long, the other 1$/ },
  {
    name: 'position',
    patterns: ['*:*', '*:*'],
    reason: /^policy\[1\] .* later rule wins$/,
  },
])('$name', ({ patterns, reason }) => {
  expect(explain(patterns).reason).toMatch(reason);
});

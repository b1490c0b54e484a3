import { readFileSync } from 'node:fs';

import { parseImageReference } from '#image-ref';
import { describe, expect, test } from 'vitest';

import { compilePolicy, type PatternMatching } from './index.js';

const D = `sha256:${'0123456789abcdef'.repeat(4)}`;
const T = 'docker.io/securesystemsengineering/sample:v1';

/** The pattern of the rule that governs an image. */
function governing(
  patterns: readonly string[],
  image: string,
  matching: PatternMatching,
): string | undefined {
  const rules = patterns.map((pattern) => ({ pattern }));
  return compilePolicy(rules, matching).match(parseImageReference(image))?.rule.pattern;
}

/** Connaisseur's own sample policy and what its tests expect of it. */
const SAMPLE = [
  '*:*',
  'securesystemsengineering/*:co*',
  'docker.io/*:*',
  'registry.k8s.io/*:*',
  'docker.io/securesystemsengineering/sample',
  'docker.io/securesystemsengineering/sample:v1',
  'docker.io/library/allow-me',
  'docker.io/library/deny-me',
  'my.registry/*',
  'my.registry/test',
  'docker.io/test:*',
];

/** The documentation's worked example. */
const WORKED = ['*:*', 'docker.io/myrepo/*:*', 'docker.io/myrepo/myimg:*'];

describe.for(['strict', 'connaisseur'] as const)('in %s matching', (matching) => {
  test.for([
    { image: 'image:tag', pattern: 'docker.io/*:*' },
    { image: 'image', pattern: 'docker.io/*:*' },
    { image: 'registry.io/image:tag', pattern: '*:*' },
    { image: 'registry.k8s.io/image', pattern: 'registry.k8s.io/*:*' },
    { image: T, pattern: 'docker.io/securesystemsengineering/sample:v1' },
    {
      image: 'docker.io/securesystemsengineering/sample:v2',
      pattern: 'docker.io/securesystemsengineering/sample',
    },
    { image: 'my.registry/test:tag', pattern: 'my.registry/test' },
    { image: 'my.registry/abc:tag', pattern: 'my.registry/*' },
    { image: 'allow-me', pattern: 'docker.io/library/allow-me' },
  ])('$image is governed by $pattern', ({ image, pattern }) => {
    expect(governing(SAMPLE, image, matching)).toBe(pattern);
  });

  test.for([
    { image: 'docker.io/superrepo/myimg:v1', pattern: '*:*' },
    { image: 'docker.io/myrepo/superimg:v1', pattern: 'docker.io/myrepo/*:*' },
    { image: 'docker.io/myrepo/myimg:v1', pattern: 'docker.io/myrepo/myimg:*' },
  ])('the worked example: $image is governed by $pattern', ({ image, pattern }) => {
    expect(governing(WORKED, image, matching)).toBe(pattern);
  });

  test('R41 no rule matches', () => {
    expect(governing(['ghcr.io/acme/*'], 'nginx', matching)).toBeUndefined();
    expect(governing([], 'nginx', matching)).toBeUndefined();
    expect(governing(['docker.io/library/nginx'], 'nginx', matching)).toBe('docker.io/library/nginx');
  });

  test('R10 the later of two equal rules governs', () => {
    const rules = [{ pattern: 'ghcr.io/*a/x' }, { pattern: 'ghcr.io/a*/x' }, { pattern: 'ghcr.io/*a/x' }];
    const image = parseImageReference('ghcr.io/ba/x');
    expect(compilePolicy(rules, matching).match(image)?.index).toBe(2);
    expect(compilePolicy(rules.slice(0, 2), matching).match(image)?.index).toBe(0);
  });

  test('R12 a pinned image meets the rule that it met unpinned', () => {
    const patterns = ['ghcr.io/acme/app:*', 'ghcr.io/acme/app:dev'];
    expect(governing(patterns, 'ghcr.io/acme/app:dev', matching)).toBe('ghcr.io/acme/app:dev');
    expect(governing(patterns, `ghcr.io/acme/app:dev@${D}`, matching)).toBe('ghcr.io/acme/app:dev');
    expect(governing(patterns, `ghcr.io/acme/app:v1@${D}`, matching)).toBe('ghcr.io/acme/app:*');
  });

  test('R43 a repository called constructor', () => {
    expect(governing(['docker.io/library/nginx'], 'constructor', matching)).toBeUndefined();
    expect(governing(['docker.io/library/constructor'], 'constructor', matching)).toBeDefined();
  });
});

/** Both patterns match; the second is to govern, in whichever order the rules stand. */
test.for([
  ['*:*', '*/*', 'both'],
  ['docker*/*', '*/*/*', 'connaisseur'],
  ['*', '*:*', 'both'],
  ['*/*', 'docker*/*', 'connaisseur'],
  ['*/*', 'docker.io/*', 'strict'],
  ['*:v1', '*/*', 'both'],
  ['securesystemsengineering/sample:*', 'securesystemsengineering/sample:v*', 'both'],
  ['*/*/*:*', '*/sec*/*', 'both'],
  ['*/*/sample', 'docker.io/*/*', 'strict'],
] as const)('%s is less specific than %s (%s)', ([less, more, where]) => {
  for (const matching of where === 'both' ? (['strict', 'connaisseur'] as const) : [where]) {
    expect(governing([less, more], T, matching)).toBe(more);
    expect(governing([more, less], T, matching)).toBe(more);
  }
});

describe('strict matching keeps an image to the rules of its host', () => {
  const LENIENT = 'registry.k8s.io/*:*';
  test.for([
    { name: 'R01 another host in front', image: 'evil.example/registry.k8s.io/x:y' },
    { name: 'R02 a path of another host', image: 'ghcr.io/attacker/registry.k8s.io/x' },
    { name: 'R04 a longer domain', image: 'registry.k8s.io.evil.example/x' },
    { name: 'R04 a longer label', image: 'registry.k8s.iox/x' },
    { name: 'a namespace of Docker Hub', image: 'library/registry.k8s.io' },
    { name: 'another port', image: 'registry.k8s.io:5000/x' },
    { name: 'R46 only its canonical form counts', image: 'docker.io/registry.k8s.io/x' },
  ])('$name', ({ image }) => {
    expect(governing(['*:*', LENIENT], image, 'strict')).toBe('*:*');
    expect(governing(['*:*', LENIENT], 'registry.k8s.io/x:y', 'strict')).toBe(LENIENT);
  });

  test('#1517 docker.io/test:* is for Docker Hub’s test', () => {
    expect(governing(SAMPLE, 'docker.io/test:tag', 'strict')).toBe('docker.io/test:*');
    expect(governing(SAMPLE, 'docker.io/test:tag', 'connaisseur')).toBe('docker.io/*:*');
  });

  test('R09 more components win, whatever they say', () => {
    const patterns = ['ghcr.io/acme/*:*', '*/*/*/*'];
    expect(governing(patterns, 'ghcr.io/acme/x', 'strict')).toBe('ghcr.io/acme/*:*');
    expect(governing(patterns, 'ghcr.io/acme/x/y', 'strict')).toBe('*/*/*/*');
  });

  test('a literal name beats the other spelling of a wildcard', () => {
    const patterns = ['docker.io/library/nginx', '*/nginx', 'docker.io/ngin*'];
    expect(governing(patterns, 'nginx', 'strict')).toBe('docker.io/library/nginx');
    expect(governing(patterns.slice(1), 'nginx', 'strict')).toBe('docker.io/ngin*');
  });
});

describe('connaisseur matching is 3.10’s', () => {
  test.for([
    {
      name: 'anywhere in the name',
      pattern: 'registry.k8s.io/*:*',
      image: 'evil.example/registry.k8s.io/x:y',
      yes: true,
    },
    { name: 'with anything behind', pattern: 'ghcr.io/org', image: 'ghcr.io/org-evil/x', yes: true },
    { name: 'a digest has a colon', pattern: 'ghcr.io/org/*:*', image: `ghcr.io/org/x@${D}`, yes: true },
    { name: 'a digest is no tag', pattern: 'ghcr.io/org/x:*', image: `ghcr.io/org/x@${D}`, yes: false },
    { name: 'capitals in a host mean the host', pattern: 'GHCR.io/org/*', image: 'GhCr.io/org/x', yes: true },
    { name: 'so does the default port', pattern: 'ghcr.io:443/org/*', image: 'ghcr.io:443/org/x', yes: true },
    { name: 'capitals in a tag are capitals', pattern: '*:myTag', image: 'nginx:mytag', yes: false },
    { name: 'capitals in a tag match', pattern: '*:myTag', image: 'nginx:myTag', yes: true },
    { name: 'localhost is a namespace there', pattern: 'index.docker.io/*', image: 'localhost/x', yes: true },
  ])('$name', ({ pattern, image, yes }) => {
    expect(governing([pattern], image, 'connaisseur') !== undefined).toBe(yes);
  });

  test('for 14 000 recorded pairs of policy and image', () => {
    const text = readFileSync(new URL('../fixtures/connaisseur-3.10.jsonl', import.meta.url), 'utf8');
    // What fixtures/record.go wrote.
    const recorded = JSON.parse(text) as { policies: string[][]; images: string[]; answers: number[][] };
    const images = recorded.images.map((image) => parseImageReference(image));
    const answers = recorded.policies.map((patterns) => {
      const policy = compilePolicy(
        patterns.map((pattern) => ({ pattern })),
        'connaisseur',
      );
      return images.map((image) => policy.match(image)?.index ?? -1);
    });
    expect(answers.flat().length).toBeGreaterThan(10_000);
    expect(answers).toEqual(recorded.answers);
  });
});

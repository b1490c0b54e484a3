import { describe, expect, test } from 'vitest';

import { compilePolicy, type PatternMatching, type PolicyFinding } from './index.js';

const D = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Patterns, those with a leading `+` static allows; findings as `code index otherIndex`. */
function findings(patterns: readonly string[], matching: PatternMatching = 'strict'): readonly string[] {
  return lint(patterns, matching).map(({ code, index, otherIndex }) =>
    [code, index, otherIndex ?? ''].join(' ').trim(),
  );
}

function lint(patterns: readonly string[], matching: PatternMatching): readonly PolicyFinding[] {
  const rules = patterns.map((text) => ({ pattern: text.replace(/^\+/, ''), allow: text.startsWith('+') }));
  return compilePolicy(rules, matching).lint({ isStaticAllow: ({ allow }) => allow });
}

describe('a policy without findings', () => {
  test.for([
    {
      name: 'an ordinary policy',
      patterns: ['*:*', 'docker.io/library/*:*', 'docker.io/library/nginx:*', 'ghcr.io/acme/*:*'],
    },
    { name: 'an exception that allows one registry', patterns: ['*:*', '+registry.k8s.io/*:*'] },
    { name: 'an allow for one repository', patterns: ['*:*', '+docker.io/library/nginx:*'] },
    { name: 'an allow for one digest, wherever it is', patterns: ['*:*', `+*@${D}`] },
    { name: 'nothing', patterns: [] },
  ])('$name', ({ patterns }) => {
    expect(findings(patterns)).toEqual([]);
  });
});

describe('R40 unreachable-rule', () => {
  test.for([
    {
      name: 'the same pattern again',
      patterns: ['ghcr.io/acme/*', 'ghcr.io/acme/*'],
      found: ['unreachable-rule 0 1'],
    },
    {
      name: 'another spelling of it',
      patterns: ['nginx', 'docker.io/library/nginx'],
      found: ['unreachable-rule 0 1'],
    },
    {
      name: 'a longer pattern for the same images',
      patterns: ['ghcr.io/acme/x:*', 'ghcr.io/acme/x'],
      found: ['unreachable-rule 1 0'],
    },
    { name: 'a catch-all under another', patterns: ['*', '*:*'], found: ['unreachable-rule 0 1'] },
    { name: 'a narrower one is no reason', patterns: ['ghcr.io/acme/*:*', 'ghcr.io/acme/x:*'], found: [] },
    { name: 'nor is a wider, less specific one', patterns: ['ghcr.io/acme/x:*', '*/*:*'], found: [] },
    { name: 'all hosts are not everything (R22)', patterns: ['*:*', '*/*'], found: [] },
  ])('$name', ({ patterns, found }) => {
    expect(findings(patterns).filter((text) => text.startsWith('unreachable'))).toEqual(found);
  });

  test('in connaisseur matching, more components win anywhere in a name', () => {
    expect(findings(['acme/app', 'ghcr.io/acme/app'], 'connaisseur').join()).not.toContain('unreachable');
    expect(findings(['app', 'app'], 'connaisseur')).toContain('unreachable-rule 0 1');
  });
});

describe('static allows', () => {
  test.for([
    { name: 'P05 any host', patterns: ['+*/acme/*:*'], found: ['wildcard-host-allow 0'] },
    { name: 'P05 everything', patterns: ['+*:*'], found: ['wildcard-host-allow 0'] },
    { name: 'P05 hosts of a domain', patterns: ['+*.corp.example/*:*'], found: ['wildcard-host-allow 0'] },
    { name: 'R12 a tag', patterns: ['+ghcr.io/acme/x:v1'], found: ['allow-by-tag 0'] },
    { name: 'R12 some tags', patterns: ['+ghcr.io/acme/x:v*'], found: ['allow-by-tag 0'] },
    { name: 'R12 a tag and a digest', patterns: [`+ghcr.io/acme/x:v1@${D}`], found: [] },
    { name: 'a port is no tag', patterns: ['+reg.io:5000/x:*'], found: [] },
    { name: 'both', patterns: ['+*:v1'], found: ['allow-by-tag 0', 'wildcard-host-allow 0'] },
    { name: 'a rule that verifies', patterns: ['*/acme/x:v1'], found: [] },
  ])('$name', ({ patterns, found }) => {
    expect(
      findings(patterns)
        .filter((text) => text.includes('allow'))
        .toSorted(),
    ).toEqual(found);
  });

  test('in connaisseur matching every host reaches every rule', () => {
    expect(findings(['+registry.k8s.io/*:*'], 'connaisseur')).toContain('wildcard-host-allow 0');
    expect(findings(['registry.k8s.io/*:*'], 'connaisseur')).not.toContain('wildcard-host-allow 0');
  });
});

describe('R09 overlap', () => {
  test.for([
    {
      name: 'a weak rule with more components',
      patterns: ['ghcr.io/acme/*:*', '+*/*/*/*:*'],
      found: ['overlap 1 0'],
    },
    {
      name: 'a weak rule for a tag everywhere',
      patterns: ['ghcr.io/*', '+*/*/*:dev'],
      found: ['overlap 1 0'],
    },
    { name: 'an exception inside', patterns: ['ghcr.io/*', '+ghcr.io/acme/*'], found: [] },
    { name: 'a weak rule that never wins there', patterns: ['ghcr.io/acme/*:*', '+*/*:*'], found: [] },
    { name: 'other hosts', patterns: ['ghcr.io/acme/*', '+quay.io/*/*/*'], found: [] },
  ])('$name', ({ patterns, found }) => {
    expect(findings(patterns).filter((text) => text.startsWith('overlap'))).toEqual(found);
  });

  test('names an image that shows it', () => {
    const found = lint(['ghcr.io/acme/*:*', '+*/*/*/*:*'], 'strict').find(({ code }) => code === 'overlap');
    expect(found?.image).toMatch(/^ghcr\.io\/acme\/./);
  });
});

describe('R10 equal-specificity', () => {
  test.for([
    {
      name: 'both match one image',
      patterns: ['ghcr.io/*a*', 'ghcr.io/*b*'],
      found: ['equal-specificity 1 0'],
    },
    { name: 'no image is matched by both', patterns: ['ghcr.io/*a/x', 'ghcr.io/*b/x'], found: [] },
    { name: 'one is longer', patterns: ['ghcr.io/*a*', 'ghcr.io/*bb*'], found: [] },
    { name: 'one has more in common with the image', patterns: ['ghcr.io/*a', 'ghcr.io/a*'], found: [] },
  ])('$name', ({ patterns, found }) => {
    expect(findings(patterns).filter((text) => text.startsWith('equal'))).toEqual(found);
  });
});

describe('modes-differ', () => {
  test.for([
    { name: 'a short name', matching: 'strict', patterns: ['*:*', 'nginx'], found: ['modes-differ 1 0'] },
    {
      name: 'written out it says the same',
      matching: 'strict',
      patterns: ['*:*', 'docker.io/library/nginx'],
      found: [],
    },
    {
      name: 'R05 a namespace without stars',
      matching: 'strict',
      patterns: ['*:*', 'ghcr.io/org'],
      found: ['modes-differ 1 0'],
    },
    { name: 'R05 with a star', matching: 'strict', patterns: ['*:*', 'ghcr.io/org/*'], found: [] },
    { name: 'R05 as one image', matching: 'strict', patterns: ['*:*', 'ghcr.io/org:*'], found: [] },
    {
      name: '#1517',
      matching: 'strict',
      patterns: ['docker.io/*:*', 'docker.io/test:*'],
      found: ['modes-differ 1 0'],
    },
    {
      name: 'R01',
      matching: 'connaisseur',
      patterns: ['*:*', 'registry.k8s.io/*:*'],
      found: ['modes-differ 1 0'],
    },
    { name: 'R11', matching: 'connaisseur', patterns: ['ghcr.io/org/x:*'], found: ['modes-differ 0'] },
    {
      name: 'a pattern that strict refuses',
      matching: 'connaisseur',
      patterns: ['docker*/*'],
      found: ['modes-differ 0'],
    },
    { name: 'everything', matching: 'connaisseur', patterns: ['*:*'], found: [] },
    {
      name: 'a pattern that connaisseur refuses',
      matching: 'strict',
      patterns: ['[::1]:5000/*'],
      found: ['modes-differ 0'],
    },
  ] as const)('$matching: $name', ({ matching, patterns, found }) => {
    expect(findings(patterns, matching).filter((text) => text.startsWith('modes'))).toEqual(found);
  });
});

test('200 rules are linted in a moment', { tags: ['thorough'] }, () => {
  const rules = Array.from({ length: 200 }, (_, i) => ({
    pattern: `${i % 3 ? 'ghcr.io' : '*'}/team-${i}/*:${i % 2 ? '*' : 'v*'}`,
  }));
  const start = performance.now();
  compilePolicy(rules, 'strict').lint({ isStaticAllow: ({ pattern }) => pattern.startsWith('*') });
  expect(performance.now() - start).toBeLessThan(20_000);
});

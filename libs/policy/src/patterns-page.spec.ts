import { readFileSync } from 'node:fs';

import { parseImageReference } from '#image-ref';
import { describe, expect, test } from 'vitest';

import { assertPattern, compilePolicy, PatternError } from './index.js';

/* docs/reference/patterns.md says what users rely on; this holds it to that. */
const PAGE = readFileSync(new URL('../../../docs/reference/patterns.md', import.meta.url), 'utf8');

/** `name:` and a list of quoted patterns, the only YAML that the page has. */
function policies(): ReadonlyMap<string, { pattern: string }[]> {
  const found = new Map<string, { pattern: string }[]>();
  let rules: { pattern: string }[] = [];
  for (const line of (/```yaml\n([^]*?)```/.exec(PAGE)?.[1] ?? '').split('\n')) {
    const name = /^(\w+):$/.exec(line)?.[1];
    const pattern = /^ {2}- '(.*)'$/.exec(line)?.[1];
    if (name !== undefined) found.set(name, (rules = []));
    if (pattern !== undefined) rules.push({ pattern });
  }
  return found;
}

const ROWS = [...PAGE.matchAll(/^\| (\w+) \| `(.+?)` \| (\d+) \| (\d+) \|/gm)].map(
  ([, policy = '', image = '', strict, connaisseur]) => ({
    policy,
    image,
    expected: { strict: Number(strict), connaisseur: Number(connaisseur) },
  }),
);

test('the page has its examples', () => {
  expect([...policies().keys()]).toEqual(['sample', 'team']);
  expect(ROWS.length).toBeGreaterThanOrEqual(20);
});

describe('the worked examples', () => {
  test.for(ROWS)('$policy: $image', ({ policy, image, expected }) => {
    const rules = policies().get(policy) ?? [];
    const governing = (matching: 'strict' | 'connaisseur') =>
      compilePolicy(rules, matching).match(parseImageReference(image))?.index;
    expect({ strict: governing('strict'), connaisseur: governing('connaisseur') }).toEqual(expected);
  });
});

test.for(['docker.i*/x', 'registry.*/x', 'registry.k8s.io', 'nginx*', 'docker*/*', 'a?', '{a,b}', '[a]'])(
  '%s is the configuration error that the page says it is',
  (pattern) => {
    expect(() => assertPattern(pattern, 'strict')).toThrow(PatternError);
  },
);

test.for(['registry.k8s.io/*', 'docker.io/nginx*', '*/nginx*', '*', '*:*', '*:v1', '*.corp.example/x'])(
  '%s is the pattern that the page says it is',
  (pattern) => {
    expect(() => assertPattern(pattern, 'strict')).not.toThrow();
  },
);

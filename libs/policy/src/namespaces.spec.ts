import { parseImageReference } from '#image-ref';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compilePolicy, NamespaceNames } from './index.js';

const image = parseImageReference('ghcr.io/acme/app:v1');

describe('names of namespaces', () => {
  test.for([
    { name: 'the name itself', names: ['shop'], namespace: 'shop', has: true },
    { name: 'another name', names: ['shop'], namespace: 'shop2', has: false },
    { name: 'one that only ends in it', names: ['shop'], namespace: 'my-shop', has: false },
    { name: 'a star behind', names: ['team-*'], namespace: 'team-a', has: true },
    { name: 'a star before', names: ['*-dev'], namespace: 'a-dev', has: true },
    { name: 'any namespace', names: ['*'], namespace: 'shop', has: true },
    { name: 'an object outside of all namespaces', names: ['*'], namespace: '', has: false },
    { name: 'no names', names: [], namespace: 'shop', has: false },
    { name: 'one of several', names: ['a', 'b'], namespace: 'b', has: true },
  ])('$name', ({ names, namespace, has }) => {
    expect(new NamespaceNames(names).has(namespace)).toBe(has);
  });

  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 5 });
  const namespace = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 });
  test('what covers a set has every namespace of it', () => {
    fc.assert(
      fc.property(fc.array(pattern), fc.array(pattern), namespace, (a, b, name) => {
        const [outer, inner] = [new NamespaceNames(a), new NamespaceNames(b)];
        fc.pre(outer.covers(inner) && inner.has(name));
        expect(outer.has(name)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the governing rule', () => {
  const everywhere = { pattern: 'ghcr.io/acme/*' };
  const shop = { pattern: 'ghcr.io/acme/*', namespaces: ['shop-*'] };
  const repository = { pattern: 'ghcr.io/acme/app:*', namespaces: ['shop-*'] };
  test.for([
    { name: 'in its namespace the limited rule', rules: [everywhere, shop], namespace: 'shop-a', index: 1 },
    { name: 'elsewhere the general one', rules: [everywhere, shop], namespace: 'web', index: 0 },
    { name: 'by its place only, as ever', rules: [shop, everywhere], namespace: 'shop-a', index: 1 },
    { name: 'the more specific one', rules: [repository, everywhere], namespace: 'shop-a', index: 0 },
    { name: 'none where the only rule is for others', rules: [shop], namespace: 'web', index: undefined },
    { name: 'none without a namespace', rules: [shop], namespace: undefined, index: undefined },
    { name: 'a cluster-scoped object is in none', rules: [shop], namespace: '', index: undefined },
  ])('$name', ({ rules, namespace, index }) => {
    const policy = compilePolicy<{ pattern: string; namespaces?: string[] }>(rules, 'strict');
    expect(policy.match(image, namespace)?.index).toBe(index);
    expect(policy.explain(image, namespace).matches[0]?.index).toBe(index);
  });

  test('namespaces are asked for only where a rule is limited', () => {
    expect(compilePolicy([everywhere], 'strict').readsNamespace).toBe(false);
    expect(compilePolicy([everywhere, shop], 'strict').readsNamespace).toBe(true);
  });
});

describe('lint', () => {
  test.for([
    {
      name: 'a rule behind one for fewer namespaces is reachable',
      first: undefined,
      later: ['shop'],
      found: [],
    },
    { name: 'behind one for all it is not', first: ['shop'], later: undefined, found: ['unreachable-rule'] },
    { name: 'nor behind the same namespaces', first: ['shop'], later: ['sh*'], found: ['unreachable-rule'] },
    { name: 'other namespaces are no tie', first: ['shop'], later: ['web'], found: [] },
  ])('$name', ({ first, later, found }) => {
    const rule = (namespaces: string[] | undefined): { pattern: string; namespaces?: string[] } => ({
      pattern: 'ghcr.io/acme/*',
      ...(namespaces === undefined ? {} : { namespaces }),
    });
    const findings = compilePolicy([rule(first), rule(later)], 'strict').lint();
    expect(findings.map(({ code }) => code)).toEqual(found);
  });
});

import { describe, expect, test } from 'vitest';

import { revisionOf } from '../test/world.js';
import { ImageJudge } from './admission/image-judge.js';
import { Deadline } from './deadline.js';

const never = async (): Promise<never> => await Promise.reject(new Error('not asked'));

describe('what a written image means', () => {
  test.for([
    { name: 'governed', text: 'registry.example.org/app:1', kind: 'governed' },
    { name: 'without a rule', text: 'nobody.example/app:1', kind: 'no-rule' },
    { name: 'no reference', text: 'not a reference', kind: 'malformed' },
    { name: 'empty', text: '', kind: 'malformed' },
    { name: 'a megabyte', text: 'a'.repeat(1_000_000), kind: 'malformed' },
  ])('$name', ({ text, kind }) => {
    expect(revisionOf(never).govern(text, 'shop').kind).toBe(kind);
  });

  test('is worked out once, but nothing long is kept', () => {
    const revision = revisionOf(never);
    expect(revision.govern('registry.example.org/app:1', 'shop')).toBe(
      revision.govern('registry.example.org/app:1', 'shop'),
    );
    const long = 'a'.repeat(5_000);
    expect(revision.govern(long, 'shop')).not.toBe(revision.govern(long, 'shop'));
  });

  test('hangs on the namespace where a rule is limited, and only there', () => {
    const policy = '  - { pattern: "registry.example.org/*:*", validator: allow, namespaces: [dev-*] }';
    const revision = revisionOf(never, { policy });
    const validatorIn = (namespace: string): string | undefined => {
      const governed = revision.govern('registry.example.org/app:1', namespace);
      return governed.kind === 'governed' ? governed.bound.validator.name : undefined;
    };
    expect([validatorIn('shop'), validatorIn('dev-1'), validatorIn('shop')]).toEqual([
      'team',
      'allow',
      'team',
    ]);
    const unlimited = revisionOf(never);
    const image = 'registry.example.org/app:1';
    expect(unlimited.govern(image, 'shop')).toBe(unlimited.govern(image, 'web'));
  });

  test('the question carries the trust that it is asked under', () => {
    const revision = revisionOf(never);
    const governed = revision.govern('registry.example.org/app:1', 'shop');
    expect(governed).toMatchObject({
      question: {
        revision: revision.configuration.trustRevision,
        trustRevision: revision.engine.trustRevision,
        rule: governed.kind === 'governed' ? governed.bound.rule.hash : '',
      },
    });
  });
});

test.for([
  { name: 'none', features: '{}', policy: '', weakenings: [] },
  {
    name: 'all of them',
    features: '{ detectionMode: true, resourceValidationMode: podsOnly, automaticUnchangedApproval: true }',
    policy: '  - { pattern: "w.example/*:*", validator: team, with: { mode: insecureValidateOnly } }',
    weakenings: ['detectionMode', 'podsOnly', 'automaticUnchangedApproval', 'insecureValidateOnly'],
  },
  {
    name: 'those of namespaces',
    features:
      '{ insecureDetectOnlyIn: { namespaces: [trial] }, namespacedValidation: { insecureIgnoreNamespaces: [a] } }',
    policy: '  - { pattern: "w.example/*:*", validator: team, insecureDetectOnly: true }',
    weakenings: [
      'insecureDetectOnlyIn',
      'insecureDetectOnly',
      'namespacedValidation',
      'insecureIgnoreNamespaces',
    ],
  },
  {
    name: 'only some namespaces',
    features: '{ namespacedValidation: { mode: validate, insecureOnlyNamespaces: [a] } }',
    policy: '',
    weakenings: ['namespacedValidation', 'insecureOnlyNamespaces'],
  },
])('D10 weakenings: $name', ({ features, policy, weakenings }) => {
  expect(revisionOf(never, { features, policy }).weakenings()).toEqual(weakenings);
});

describe('the judge', () => {
  const verdicts = {
    cached: () => undefined,
    verdict: async () => ({
      fresh: true,
      verdict: { outcome: 'refused' as const, code: 'CNS-1003', message: 'm', evidence: [], tookMs: 0 },
    }),
  };

  test.for([
    { name: 'no reference', text: 'not a reference', judgement: { outcome: 'refused', code: 'CNS-1010' } },
    { name: 'no rule', text: 'nobody.example/app:1', judgement: { outcome: 'refused', code: 'CNS-1001' } },
    {
      name: 'a rule that cannot be applied',
      text: 'old.example/app:1',
      judgement: { outcome: 'undecided', code: 'CNS-3001', validator: { name: 'old', type: 'notation' } },
    },
    {
      name: 'a static rule',
      text: 'allow.example/app:1',
      judgement: { outcome: 'admitted', ground: { kind: 'static' } },
    },
    {
      name: 'a rule that wants proof',
      text: 'registry.example.org/app:1',
      judgement: { outcome: 'refused', code: 'CNS-1003', cached: false },
    },
  ])('$name', async ({ text, judgement }) => {
    const deadline = new Deadline(10_000);
    const result = await new ImageJudge(verdicts).judge(text, 'shop', revisionOf(never), deadline);
    deadline.release();
    expect(result).toMatchObject(judgement);
  });
});

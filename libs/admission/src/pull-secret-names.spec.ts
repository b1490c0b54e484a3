import { expect, test } from 'vitest';

import type { AdmissionReviewRequest } from './admission-review.js';
import { pullSecretNames } from './pull-secret-names.js';

const POD = { group: '', version: 'v1', kind: 'Pod' };
const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment' };
const template = (spec: unknown) => ({ spec: { template: { spec } } });
const secrets = (...names: unknown[]) => names.map((name) => ({ name }));

test.for([
  {
    name: 'a Pod has its own',
    kind: POD,
    object: { spec: { imagePullSecrets: secrets('a', 'b'), serviceAccountName: 'robot' } },
    expected: { names: ['a', 'b'], serviceAccount: undefined },
  },
  {
    name: 'a Pod without has none: its ServiceAccount has none either',
    kind: POD,
    object: { spec: { serviceAccountName: 'robot' } },
    expected: { names: [], serviceAccount: undefined },
  },
  {
    name: 'a template with its own',
    kind: DEPLOYMENT,
    object: template({ imagePullSecrets: secrets('a') }),
    expected: { names: ['a'], serviceAccount: undefined },
  },
  {
    name: 'a template without: those of its ServiceAccount',
    kind: DEPLOYMENT,
    object: template({ serviceAccountName: 'robot' }),
    expected: { names: [], serviceAccount: 'robot' },
  },
  {
    name: 'a template without any account',
    kind: DEPLOYMENT,
    object: template({}),
    expected: { names: [], serviceAccount: 'default' },
  },
  {
    name: 'what is no name, and what is twice',
    kind: POD,
    object: {
      spec: { imagePullSecrets: [...secrets('a', 'a', '', 7, '../x', 'A\nb', 'x'.repeat(300)), null, 'b'] },
    },
    expected: { names: ['a'], serviceAccount: undefined },
  },
  {
    name: 'what is no list',
    kind: POD,
    object: { spec: { imagePullSecrets: { name: 'a' } } },
    expected: { names: [], serviceAccount: undefined },
  },
  {
    name: 'an unknown kind',
    kind: { ...POD, kind: 'Podd' },
    object: { spec: { imagePullSecrets: secrets('a') } },
    expected: { names: [], serviceAccount: undefined },
  },
])('$name', ({ kind, object, expected }) => {
  // Only what is read of a request.
  expect(pullSecretNames({ kind, object } as unknown as AdmissionReviewRequest)).toEqual(expected);
});

test('more names than are followed', () => {
  const object = {
    spec: { imagePullSecrets: secrets(...Array.from({ length: 40 }, (_, index) => `s${index}`)) },
  };
  const { names } = pullSecretNames({ kind: POD, object } as unknown as AdmissionReviewRequest);
  expect(names).toHaveLength(16);
});

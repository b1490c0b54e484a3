import { describe, expect, test } from 'vitest';

import { type Configuration, ConfigurationError, loadConfiguration } from './index.js';

function load(features: string, rule = ''): Configuration {
  const text = `
application:
  validators: [{name: default, type: static, approve: false}]
  policy: [{pattern: "*:*"${rule}}]
  features: ${features}
`;
  return loadConfiguration({ file: { name: 'values.yaml', text } });
}

function codesOf(features: string, rule?: string): readonly string[] {
  try {
    return load(features, rule).findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
  }
}

const F = 'application.features';

describe('what weakens is told at its place', () => {
  test.for([
    { name: 'nothing', features: '{}', rule: '', found: [] },
    { name: 'child approval as it is by default', features: '{automaticChildApproval: true}', found: [] },
    {
      name: 'P03 child approval that podsOnly switches off',
      features: '{automaticChildApproval: true, resourceValidationMode: podsOnly}',
      found: [`warning no-effect ${F}.automaticChildApproval`],
    },
    { name: 'the same where nobody wrote it', features: '{resourceValidationMode: podsOnly}', found: [] },
    {
      name: 'P08 namespaces by label',
      features: '{namespacedValidation: {}}',
      found: [`warning weakened ${F}.namespacedValidation`],
    },
    {
      name: 'names that belong to the other mode',
      features: '{namespacedValidation: {mode: validate, insecureIgnoreNamespaces: [a]}}',
      found: [
        `warning weakened ${F}.namespacedValidation`,
        `error exclusive ${F}.namespacedValidation.insecureIgnoreNamespaces`,
      ],
    },
    {
      name: 'detection mode in some namespaces',
      features: '{insecureDetectOnlyIn: {namespaces: [trial-*]}}',
      found: [`warning weakened ${F}.insecureDetectOnlyIn`],
    },
    {
      name: 'detection mode in none',
      features: '{insecureDetectOnlyIn: {}}',
      found: [`error required ${F}.insecureDetectOnlyIn`],
    },
    {
      name: 'an empty selector, which would be every namespace',
      features: '{insecureDetectOnlyIn: {namespaceSelector: {}}}',
      found: [`error format ${F}.insecureDetectOnlyIn.namespaceSelector`],
    },
    {
      name: 'a rule in detection mode',
      features: '{}',
      rule: ', insecureDetectOnly: true',
      found: ['warning weakened application.policy[0].insecureDetectOnly'],
    },
    {
      name: 'a rule for some namespaces',
      features: '{}',
      rule: ', namespaces: [shop-*, "*-dev"]',
      found: [],
    },
    {
      name: 'a rule for no namespace',
      features: '{}',
      rule: ', namespaces: []',
      found: ['error range application.policy[0].namespaces'],
    },
    {
      name: 'a name that no namespace has',
      features: '{}',
      rule: ', namespaces: [Shop]',
      found: ['error format application.policy[0].namespaces[0]'],
    },
    {
      name: 'a wildcard that is none',
      features: '{}',
      rule: ', namespaces: ["shop-?"]',
      found: ['error format application.policy[0].namespaces[0]'],
    },
    {
      name: 'P01 a word for a boolean',
      features: '{}',
      rule: ', insecureDetectOnly: "no"',
      found: ['error type application.policy[0].insecureDetectOnly'],
    },
    {
      name: 'K07 an attribute that would leave its place in a patch',
      features: '{csiImageDrivers: [{driver: csi.example, attribute: a/b}]}',
      found: [`error format ${F}.csiImageDrivers[0].attribute`],
    },
  ])('$name', ({ features, rule, found }) => {
    expect(codesOf(features, rule).toSorted()).toEqual([...found].toSorted());
  });
});

describe('what is loaded', () => {
  test.for([
    {
      name: 'names that are left out',
      features: '{namespacedValidation: {insecureIgnoreNamespaces: [legacy-*]}}',
      expected: { namespacedValidation: { mode: 'ignore', namespaces: ['legacy-*'] } },
    },
    {
      name: 'names that are all',
      features: '{namespacedValidation: {mode: validate, insecureOnlyNamespaces: [shop]}}',
      expected: { namespacedValidation: { mode: 'validate', namespaces: ['shop'] } },
    },
    {
      name: 'a selector, complete',
      features: '{insecureDetectOnlyIn: {namespaceSelector: {matchLabels: {stage: trial}}}}',
      expected: {
        insecureDetectOnlyIn: {
          namespaceSelector: { matchLabels: { stage: 'trial' }, matchExpressions: [] },
        },
      },
    },
    {
      name: 'pull secrets',
      features: '{imagePullSecrets: {namespaces: [shop, bank]}}',
      expected: { imagePullSecrets: { namespaces: ['shop', 'bank'] } },
    },
    { name: 'no CSI drivers', features: '{csiImageDrivers: []}', expected: { csiImageDrivers: [] } },
  ])('$name', ({ features, expected }) => {
    expect(load(features).features).toMatchObject(expected);
  });

  test('a rule says where it holds, and only then', () => {
    const [rule] = load('{}', ', namespaces: [shop], insecureDetectOnly: true').policy;
    expect(rule).toMatchObject({ namespaces: ['shop'], insecureDetectOnly: true });
    const [plain] = load('{}', ', insecureDetectOnly: false').policy;
    expect(Object.keys(plain ?? {})).toEqual(['index', 'pattern', 'validator', 'with', 'hash']);
    expect(plain?.hash).toBe(load('{}').policy[0]?.hash);
    expect(plain?.hash).not.toBe(rule?.hash);
  });
});

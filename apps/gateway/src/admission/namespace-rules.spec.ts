import { describe, expect, test } from 'vitest';

import { loadConfiguration } from '#config';

import { type LabelsOf, NamespaceRules } from './namespace-rules.js';

const { signal } = new AbortController();

function rulesOf(features: string): NamespaceRules {
  const text = `
application:
  validators: [{name: default, type: static, approve: false}]
  policy: [{pattern: "*:*"}]
  features: ${features}
`;
  return new NamespaceRules(loadConfiguration({ file: { name: 'values.yaml', text } }).features);
}

const never: LabelsOf = () => {
  throw new TypeError('expected that nobody asks for labels');
};

describe('by name, without asking the API server', () => {
  const ignoring = '{namespacedValidation: {insecureIgnoreNamespaces: [legacy-*, ci]}}';
  const only = '{namespacedValidation: {mode: validate, insecureOnlyNamespaces: [shop]}}';
  const detecting = '{insecureDetectOnlyIn: {namespaces: [trial-*]}}';
  test.for([
    { name: 'nothing is said', features: '{}', namespace: 'shop', is: [] },
    {
      name: 'P08 the label alone exempts nobody here',
      features: '{namespacedValidation: {}}',
      namespace: 'shop',
      is: [],
    },
    {
      name: 'P08 nor does its absence',
      features: '{namespacedValidation: {mode: validate}}',
      namespace: 'shop',
      is: [],
    },
    { name: 'an exempt name', features: ignoring, namespace: 'ci', is: ['ignored'] },
    { name: 'an exempt pattern', features: ignoring, namespace: 'legacy-1', is: ['ignored'] },
    { name: 'a name that only holds an exempt one', features: ignoring, namespace: 'ci2', is: [] },
    { name: 'an object in no namespace is never exempt', features: ignoring, namespace: '', is: [] },
    { name: 'a validated name', features: only, namespace: 'shop', is: [] },
    { name: 'every other name', features: only, namespace: 'web', is: ['ignored'] },
    { name: 'no namespace, where only names are validated', features: only, namespace: '', is: [] },
    { name: 'a name in detection mode', features: detecting, namespace: 'trial-1', is: ['detect'] },
    { name: 'a name outside of it', features: detecting, namespace: 'shop', is: [] },
  ])('$name', ({ features, namespace, is }) => {
    const standing = rulesOf(features).standingOf(namespace, never, () => signal);
    expect(standing).toEqual({ isIgnored: is.includes('ignored'), isDetectOnly: is.includes('detect') });
  });
});

describe('detection mode by label', () => {
  const labels = '{matchLabels: {stage: trial}}';
  const expression = (text: string): string => `{matchExpressions: [${text}]}`;
  test.for<{ name: string; selector: string; labels: Record<string, string> | undefined; detects: boolean }>([
    { name: 'the label', selector: labels, labels: { stage: 'trial', x: 'y' }, detects: true },
    { name: 'another value', selector: labels, labels: { stage: 'live' }, detects: false },
    { name: 'no label', selector: labels, labels: {}, detects: false },
    {
      name: 'one of values',
      selector: expression('{key: s, operator: In, values: [a, b]}'),
      labels: { s: 'b' },
      detects: true,
    },
    {
      name: 'In wants the label',
      selector: expression('{key: s, operator: In, values: [a]}'),
      labels: {},
      detects: false,
    },
    {
      name: 'NotIn does not',
      selector: expression('{key: s, operator: NotIn, values: [a]}'),
      labels: {},
      detects: true,
    },
    {
      name: 'NotIn and the value',
      selector: expression('{key: s, operator: NotIn, values: [a]}'),
      labels: { s: 'a' },
      detects: false,
    },
    { name: 'Exists', selector: expression('{key: s, operator: Exists}'), labels: { s: '' }, detects: true },
    { name: 'not Exists', selector: expression('{key: s, operator: Exists}'), labels: {}, detects: false },
    {
      name: 'DoesNotExist',
      selector: expression('{key: s, operator: DoesNotExist}'),
      labels: {},
      detects: true,
    },
    {
      name: 'one of two conditions',
      selector: '{matchLabels: {a: b}, matchExpressions: [{key: s, operator: Exists}]}',
      labels: { s: 'x' },
      detects: false,
    },
    {
      name: 'labels that could not be read are enforced',
      selector: expression('{key: s, operator: DoesNotExist}'),
      labels: undefined,
      detects: false,
    },
  ])('$name', async ({ selector, labels: own, detects }) => {
    const rules = rulesOf(`{insecureDetectOnlyIn: {namespaceSelector: ${selector}}}`);
    const labelsOf: LabelsOf = () => Promise.resolve(own === undefined ? own : new Map(Object.entries(own)));
    expect(await rules.standingOf('shop', labelsOf, () => signal)).toEqual({
      isIgnored: false,
      isDetectOnly: detects,
    });
  });

  test('an object in no namespace is enforced', () => {
    const rules = rulesOf(
      `{insecureDetectOnlyIn: {namespaceSelector: ${expression('{key: s, operator: DoesNotExist}')}}}`,
    );
    expect(rules.standingOf('', never, () => signal)).toMatchObject({ isDetectOnly: false });
  });
});

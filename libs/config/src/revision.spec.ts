// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { generateKeyPairSync } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { TestAuthority } from '#testing';

import type { Configuration } from './configuration.js';
import { jsonSchema } from './json-schema.js';
import { loadConfiguration } from './load-configuration.js';
import { canonicalJson, sha256 } from './revision.js';
import { Secret } from './secret.js';

const pem = (): string =>
  generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
const [KEY_A, KEY_B, KEY_C] = [pem(), pem(), pem()];
const CERT_A = new TestAuthority('a').pem;
const CERT_B = new TestAuthority('b').pem;

/** A configuration that says something at every key, as JSON: YAML reads it, and a path can change it. */
const BASE = {
  application: {
    validators: [
      { name: 'fixed', type: 'static', approve: true },
      {
        name: 'cosign',
        type: 'cosign',
        trustRoots: [
          { name: 'alice', key: KEY_A, tsCert: CERT_A },
          { name: 'bob', key: 'awskms://alias/bob' },
          { name: 'carol', keyless: { issuer: 'https://issuer.example', subject: 'carol@example.com' } },
          { name: 'dave', cert: CERT_A },
        ],
        host: { rekor: 'https://log.example', rekorPubkey: KEY_A, fulcioCert: CERT_A, ctLogPubkey: KEY_A },
        auth: { registry: 'r.example', username: 'u', password: 'p' },
        cert: CERT_A,
      },
      {
        name: 'notary',
        type: 'notaryv1',
        host: 'notary.example',
        trustRoots: [{ name: 'alice', key: KEY_A }],
        auth: { secretName: 's' },
        cert: CERT_A,
      },
      {
        name: 'notation',
        type: 'notation',
        trustRoots: [
          { name: 'alice', cert: CERT_A, tsCert: CERT_A },
          { name: 'bob', cert: CERT_B },
        ],
        auth: { useKeychain: true },
        cert: CERT_A,
      },
      { name: 'other', type: 'static', approve: true },
    ],
    policy: [
      { pattern: 'r.example/a:*', validator: 'fixed', with: { mode: 'mutate' } },
      {
        pattern: 'r.example/b:*',
        validator: 'cosign',
        with: {
          trustRoot: '*',
          mode: 'mutate',
          threshold: 2,
          required: ['alice'],
          verifyInTransparencyLog: true,
          verifySCT: true,
          verificationLevel: 'strict',
          verifyTimestamp: 'always',
        },
      },
      {
        pattern: 'r.example/c:*',
        validator: 'notary',
        with: { trustRoot: 'alice', delegations: ['targets/x'] },
      },
      {
        pattern: 'r.example/d:*',
        validator: 'notation',
        namespaces: ['shop'],
        insecureDetectOnly: true,
        with: { trustRoot: 'alice' },
      },
    ],
    features: {
      automaticChildApproval: true,
      automaticUnchangedApproval: false,
      detectionMode: false,
      namespacedValidation: { mode: 'ignore', insecureIgnoreNamespaces: ['legacy-*'] },
      insecureDetectOnlyIn: {
        namespaces: ['trial'],
        namespaceSelector: {
          matchLabels: { stage: 'trial' },
          matchExpressions: [{ key: 'stage', operator: 'In', values: ['trial'] }],
        },
      },
      csiImageDrivers: [{ driver: 'csi.example', attribute: 'image' }],
      imagePullSecrets: { namespaces: ['shop'] },
      resourceValidationMode: 'all',
      patternMatching: 'strict',
      decisions: 'buffered',
      kubernetesEvents: false,
      policyReports: 'off',
      cache: { expirySeconds: 30, cacheErrors: true },
    },
    registries: [{ host: 'r.example', insecurePlainHttp: false, cert: CERT_A }],
    logLevel: 'info',
    logFormat: 'json',
  },
  alerting: {
    clusterIdentifier: 'c',
    admitRequest: {
      receivers: [
        {
          template: 'slack',
          receiverUrl: 'https://a.example/1',
          priority: 3,
          customHeaders: ['X-A: b'],
          payloadFields: { a: { b: 1 } },
          failIfAlertSendingFails: false,
        },
      ],
    },
    rejectRequest: { receivers: [{ template: 'slack', receiverUrl: 'https://a.example/2' }] },
  },
};

type Json = Record<string, unknown>;

/** The base with one value replaced; `undefined` takes the key out. */
function changed(path: string, value: unknown): Json {
  const root = structuredClone(BASE) as Json;
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const parent = steps.reduce<Json>((at, step) => at[step] as Json, root);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return root;
}

function load(values: unknown): Configuration {
  return loadConfiguration({ file: { name: 'values.json', text: JSON.stringify(values) } });
}

const base = load(BASE);
const hashes = ({ policy }: Configuration): string[] => policy.map(({ hash }) => hash);

const V = 'application.validators';
const P = 'application.policy';
const F = 'application.features';
const A = 'alerting.admitRequest.receivers.0';

/** Every option of the schema, another value for it, and the rules (by place) whose meaning it changes. */
const FLIPS: { path: string; to: unknown; rules: number[]; trust?: boolean }[] = [
  { path: `${V}.0.approve`, to: false, rules: [0], trust: true },
  { path: `${V}.1.trustRoots.0.key`, to: KEY_B, rules: [1], trust: true },
  { path: `${V}.1.trustRoots.0.tsCert`, to: CERT_B, rules: [1], trust: true },
  { path: `${V}.1.trustRoots.1.key`, to: 'awskms://alias/eve', rules: [1], trust: true },
  { path: `${V}.1.trustRoots.1.name`, to: 'eve', rules: [1], trust: true },
  { path: `${V}.1.trustRoots.2.keyless.issuer`, to: 'https://other.example', rules: [1], trust: true },
  { path: `${V}.1.trustRoots.2.keyless.subject`, to: 'eve@example.com', rules: [1], trust: true },
  {
    path: `${V}.1.trustRoots.2.keyless`,
    to: { issuerRegex: 'i', subjectRegex: 's' },
    rules: [1],
    trust: true,
  },
  { path: `${V}.1.trustRoots.3.cert`, to: CERT_B, rules: [1], trust: true },
  { path: `${V}.1.host.rekor`, to: 'https://other.example', rules: [1], trust: true },
  { path: `${V}.1.host.rekorPubkey`, to: KEY_C, rules: [1], trust: true },
  { path: `${V}.1.host.fulcioCert`, to: CERT_B, rules: [1], trust: true },
  { path: `${V}.1.host.ctLogPubkey`, to: KEY_C, rules: [1], trust: true },
  { path: `${V}.1.auth.registry`, to: 'other.example', rules: [1], trust: true },
  { path: `${V}.1.auth.username`, to: 'v', rules: [1], trust: true },
  { path: `${V}.1.auth.password`, to: 'q', rules: [1], trust: true },
  { path: `${V}.1.auth`, to: undefined, rules: [1], trust: true },
  { path: `${V}.1.cert`, to: CERT_B, rules: [1], trust: true },
  { path: `${V}.2.host`, to: 'other.example', rules: [2], trust: true },
  { path: `${V}.2.unsafeIgnoreCollectionName`, to: true, rules: [2], trust: true },
  { path: `${V}.2.maxTimestampAgeSeconds`, to: 86_400, rules: [2], trust: true },
  { path: `${V}.2.trustRoots.0.key`, to: KEY_B, rules: [2], trust: true },
  { path: `${V}.2.auth.secretName`, to: 't', rules: [2], trust: true },
  { path: `${V}.2.cert`, to: CERT_B, rules: [2], trust: true },
  { path: `${V}.3.trustRoots.0.cert`, to: CERT_B, rules: [3], trust: true },
  { path: `${V}.3.trustRoots.0.tsCert`, to: CERT_B, rules: [3], trust: true },
  { path: `${V}.3.auth.useKeychain`, to: false, rules: [3], trust: true },
  { path: `${V}.3.cert`, to: undefined, rules: [3], trust: true },
  { path: `${P}.1.pattern`, to: 'r.example/x:*', rules: [1] },
  { path: `${P}.0.validator`, to: 'other', rules: [0] },
  { path: `${P}.3.with.trustRoot`, to: 'bob', rules: [3] },
  { path: `${P}.1.with.mode`, to: 'insecureValidateOnly', rules: [1] },
  { path: `${P}.1.with.threshold`, to: 1, rules: [1] },
  { path: `${P}.1.with.required`, to: ['alice', 'bob'], rules: [1] },
  { path: `${P}.1.with.verifyInTransparencyLog`, to: false, rules: [1] },
  { path: `${P}.1.with.verifySCT`, to: false, rules: [1] },
  { path: `${P}.1.with.verificationLevel`, to: 'audit', rules: [1] },
  { path: `${P}.1.with.verifyTimestamp`, to: 'afterCertExpiry', rules: [1] },
  { path: `${P}.2.with.delegations`, to: ['targets/y'], rules: [2] },
  { path: `${P}.3.namespaces`, to: ['shop', 'web'], rules: [3] },
  { path: `${P}.3.insecureDetectOnly`, to: false, rules: [3] },
  { path: `${F}.automaticChildApproval`, to: false, rules: [] },
  { path: `${F}.automaticUnchangedApproval`, to: true, rules: [] },
  { path: `${F}.detectionMode`, to: true, rules: [] },
  { path: `${F}.namespacedValidation`, to: { mode: 'validate' }, rules: [] },
  { path: `${F}.namespacedValidation`, to: { mode: 'validate', insecureOnlyNamespaces: ['a'] }, rules: [] },
  { path: `${F}.namespacedValidation.insecureIgnoreNamespaces`, to: undefined, rules: [] },
  { path: `${F}.insecureDetectOnlyIn.namespaces`, to: ['tests'], rules: [] },
  { path: `${F}.insecureDetectOnlyIn.namespaceSelector.matchLabels`, to: { stage: 'x' }, rules: [] },
  {
    path: `${F}.insecureDetectOnlyIn.namespaceSelector.matchExpressions`,
    to: [{ key: 'stage', operator: 'Exists' }],
    rules: [],
  },
  { path: `${F}.csiImageDrivers.0.driver`, to: 'other.example', rules: [] },
  { path: `${F}.csiImageDrivers.0.attribute`, to: 'ref', rules: [] },
  { path: `${F}.imagePullSecrets.namespaces`, to: ['bank'], rules: [] },
  { path: `${F}.namespacedValidation`, to: false, rules: [] },
  { path: `${F}.resourceValidationMode`, to: 'podsOnly', rules: [] },
  { path: `${F}.patternMatching`, to: 'connaisseur', rules: [] },
  { path: `${F}.decisions`, to: 'strict', rules: [] },
  { path: `${F}.kubernetesEvents`, to: true, rules: [] },
  { path: `${F}.policyReports`, to: 'auto', rules: [] },
  { path: `${F}.cache.expirySeconds`, to: 0, rules: [] },
  { path: `${F}.cache.cacheErrors`, to: false, rules: [] },
  { path: 'application.registries.0.host', to: 'other.example', rules: [], trust: true },
  { path: 'application.registries.0.cert', to: CERT_B, rules: [], trust: true },
  {
    path: 'application.registries.0',
    to: { host: 'r.example', insecurePlainHttp: true },
    rules: [],
    trust: true,
  },
  { path: 'alerting.clusterIdentifier', to: 'd', rules: [] },
  { path: `${A}.template`, to: 'keybase', rules: [] },
  { path: `${A}.receiverUrl`, to: 'https://a.example/3', rules: [] },
  { path: `${A}.priority`, to: 4, rules: [] },
  { path: `${A}.customHeaders`, to: ['X-A: c'], rules: [] },
  { path: `${A}.payloadFields`, to: { a: { b: 2 } }, rules: [] },
  { path: `${A}.failIfAlertSendingFails`, to: true, rules: [] },
  { path: 'alerting.rejectRequest.receivers.0.receiverUrl', to: 'https://a.example/3', rules: [] },
];

/** What the table leaves out: names and types make other values, and some options stand in the base as their twins. */
const NOT_FLIPPED: ReadonlySet<string> = new Set([
  'application.validators[].name',
  'application.validators[].type',
  'application.validators[].trustRoots[].keyless.issuerRegex',
  'application.validators[].trustRoots[].keyless.subjectRegex',
  'application.registries[].insecurePlainHttp',
  // Flipped together with what they need beside them.
  'application.features.namespacedValidation.mode',
  'application.features.namespacedValidation.insecureOnlyNamespaces',
  ...['key', 'operator', 'values'].map(
    (key) => `application.features.insecureDetectOnlyIn.namespaceSelector.matchExpressions[].${key}`,
  ),
  'application.logLevel',
  'application.logFormat',
  'alerting.templates', // the chart mounts them; the text of a template is read when it is used
  ...['template', 'priority', 'customHeaders', 'payloadFields', 'failIfAlertSendingFails'].map(
    (key) => `alerting.rejectRequest.receivers[].${key}`,
  ),
]);

/** Every option below `application` and `alerting` that is no map of options itself. */
function optionsOf(schema: Json, path = ''): string[] {
  const branches = [...((schema['oneOf'] as Json[]) ?? []), ...((schema['anyOf'] as Json[]) ?? [])];
  const items = schema['items'] as Json | undefined;
  const inner = items !== undefined && items['type'] !== 'string' ? [...optionsOf(items, `${path}[]`)] : [];
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
  const below = [
    ...branches.flatMap((branch) => optionsOf(branch, path)),
    ...inner,
    ...properties
      .filter(([key]) => path !== '' || ['application', 'alerting'].includes(key))
      .flatMap(([key, property]) => optionsOf(property, path === '' ? key : `${path}.${key}`)),
  ];
  return below.length > 0 ? [...new Set(below)] : path === '' ? [] : [path];
}

describe('another meaning is another revision', () => {
  test.for(FLIPS)('$path', ({ path, to, rules, trust = false }) => {
    const other = load(changed(path, to));
    const different = hashes(other).flatMap((hash, index) => (hash === hashes(base)[index] ? [] : [index]));
    expect(different).toEqual(rules);
    expect(other.revision).not.toBe(base.revision);
    expect(other.trustRevision !== base.trustRevision).toBe(trust);
  });

  test('every option of the schema is in this table', () => {
    const flipped = new Set(FLIPS.map(({ path }) => path.replaceAll(/[.]\d+/g, '[]')));
    const missing = optionsOf(jsonSchema()).filter(
      (option) => !flipped.has(option) && !NOT_FLIPPED.has(option),
    );
    expect(missing).toEqual([]);
  });

  test('each of them is a revision of its own', { tags: ['thorough'] }, () => {
    const revisions = new Set(FLIPS.map(({ path, to }) => load(changed(path, to)).revision));
    expect(revisions.size).toBe(FLIPS.length);
  });

  test('the order of rules means something', () => {
    const { policy } = BASE.application;
    expect(load(changed(P, policy.toReversed())).revision).not.toBe(base.revision);
  });
});

/** The same data in YAML’s block style, keys in reverse, with comments and blank lines. */
function toBlocks(value: unknown, indent = ''): string {
  if (Array.isArray(value))
    return value.map((item) => `${indent}- # item\n${toBlocks(item, `${indent}    `)}`).join('\n');
  if (typeof value !== 'object' || value === null) return `${indent}${JSON.stringify(value)}`;
  return Object.entries(value)
    .toReversed()
    .map(([key, part]) => `\n${indent}# about ${key}\n${indent}${key}:\n${toBlocks(part, `${indent}  `)}`)
    .join('\n');
}

describe('the same meaning is the same revision', () => {
  const same = ({ revision, trustRevision, policy }: Configuration): unknown => ({
    revision,
    trustRevision,
    hashes: policy.map(({ hash }) => hash),
  });

  test('keys in another order, another style, comments', () => {
    const text = toBlocks(BASE);
    expect(same(loadConfiguration({ file: { name: 'values.yaml', text } }))).toEqual(same(base));
  });

  test.for([
    { name: 'CRLF in a key', path: `${V}.1.trustRoots.0.key`, to: KEY_A.replaceAll('\n', '\r\n') },
    { name: 'no newline behind a key', path: `${V}.1.trustRoots.0.key`, to: KEY_A.trim() },
    { name: 'a title in a bundle', path: `${V}.1.cert`, to: `# title\n\n${CERT_A}` },
    { name: 'a default left out', path: `${P}.1.with.mode`, to: undefined },
    { name: 'a default receiver priority left out', path: `${A}.priority`, to: undefined },
    { name: 'another case of a host', path: 'application.registries.0.host', to: 'R.Example' },
    { name: 'a slash behind a log', path: `${V}.1.host.rekor`, to: 'https://log.example/' },
    { name: 'what the chart reads', path: 'kubernetes', to: { deployment: { replicasCount: 3 } } },
    // Processes log differently and must still know each other's revision.
    { name: 'another log level', path: 'application.logLevel', to: 'debug' },
    { name: 'another log format', path: 'application.logFormat', to: 'text' },
  ])('$name', ({ path, to }) => {
    expect(same(load(changed(path, to)))).toEqual(same(base));
  });
});

describe('canonical JSON', () => {
  test.for([
    { name: 'keys are sorted', value: { b: 1, a: { d: 1, c: 2 } }, text: '{"a":{"c":2,"d":1},"b":1}' },
    { name: 'lists keep their order', value: [2, 1], text: '[2,1]' },
    { name: 'undefined is absent', value: { a: undefined, b: null }, text: '{"b":null}' },
  ])('$name', ({ value, text }) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('a secret is its hash', () => {
    const text = canonicalJson({ password: new Secret('hunter2') });
    expect(text).toBe(`{"password":{"secretSha256":"${sha256('"hunter2"')}"}}`);
  });

  test('it means what JSON means, in whatever order the keys came', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }),
        (value) => {
          const reversed = Object.fromEntries(Object.entries(value).toReversed());
          expect(canonicalJson(reversed)).toBe(canonicalJson(value));
          expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { numRuns: 100 },
    );
  });
});

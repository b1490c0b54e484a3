// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { TestAuthority } from '#testing';

import type { Configuration } from './configuration.js';
import type { Environment } from './environment.js';
import { ConfigurationError, type Finding } from './finding.js';
import { loadConfiguration } from './load-configuration.js';

/** In YAML, a JSON string is a scalar on one line. */
const quoted = (text: string): string => JSON.stringify(text);
const newKey = (curve = 'P-256'): string =>
  generateKeyPairSync('ec', { namedCurve: curve })
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();

const KEY_TEXT = newKey();
const KEY = quoted(KEY_TEXT);
const KEY2 = quoted(newKey());
const KEY3 = quoted(newKey());
const CERT_TEXT = new TestAuthority().pem;
const CERT = quoted(CERT_TEXT);
const PRIVATE = quoted(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
);

const STATIC = '- {name: default, type: static, approve: true}';
const RULE = '- {pattern: "registry.example/*:*"}';
const cosign = (more = ''): string =>
  `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}}]${more}}`;
const THREE = `- {name: default, type: cosign, trustRoots: [{name: a, key: ${KEY}}, {name: b, key: ${KEY2}}, {name: c, key: ${KEY3}}]}`;
const rule = (options: string): string => `- {pattern: "registry.example/*:*", with: {${options}}}`;
const receiver = (more: string): string => `alerting: {rejectRequest: {receivers: [{${more}}]}}`;

interface Parts {
  readonly validators?: string;
  readonly policy?: string;
  readonly features?: string;
  readonly more?: string;
}

function values({ validators = STATIC, policy = RULE, features = '{}', more = '' }: Parts): string {
  return [
    'application:',
    `  validators:\n    ${validators.replaceAll('\n', '\n    ')}`,
    `  policy:\n    ${policy.replaceAll('\n', '\n    ')}`,
    `  features: ${features}`,
    more,
  ].join('\n');
}

function load(text: string, environment: Environment = {}): Configuration {
  return loadConfiguration({ file: { name: 'values.yaml', text }, environment });
}

function findingsOf(text: string, environment: Environment = {}): readonly Finding[] {
  try {
    return load(text, environment).findings;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.findings;
    throw error;
  }
}

/** The place of the mark in a text, and the text without it. */
function unmarked(marked: string): { text: string; place: { line: number; column: number } } {
  const before = marked.slice(0, marked.indexOf('§')).split('\n');
  return {
    text: marked.replace('§', ''),
    place: { line: before.length, column: (before.at(-1) ?? '').length + 1 },
  };
}

const ERRORS: { name: string; text: string; code: string; path: string }[] = [
  // YAML and shape
  { name: 'J19: an alias', text: values({ policy: '- {pattern: §*x}' }), code: 'yaml-alias', path: '' },
  {
    name: 'P17: an unknown key at the top',
    text: `§aplication: {}\n${values({})}`,
    code: 'unknown-key',
    path: 'aplication',
  },
  {
    name: 'P17: an unknown key in application',
    text: values({ more: '  §alerts: []' }),
    code: 'unknown-key',
    path: 'application.alerts',
  },
  {
    name: 'P17: an unknown key of a validator',
    text: values({ validators: '- {name: default, type: static, §aprove: true}' }),
    code: 'unknown-key',
    path: 'application.validators[0].aprove',
  },
  {
    name: 'P17: a key of another type',
    text: values({ validators: '- {name: default, type: static, §trustRoots: []}' }),
    code: 'unknown-key',
    path: 'application.validators[0].trustRoots',
  },
  {
    name: 'P17: an unknown key of a rule',
    text: values({ policy: '- {pattern: "a/*:*", §valdator: x}' }),
    code: 'unknown-key',
    path: 'application.policy[0].valdator',
  },
  {
    name: 'P17: with.key, as older pages have it',
    text: values({ validators: cosign(), policy: rule('§key: default') }),
    code: 'unknown-key',
    path: 'application.policy[0].with.key',
  },
  {
    name: 'C21: a misspelt identity regex',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, keyless: {issuer: i, subject: s, §issuerRegexp: x}}]}`,
    }),
    code: 'unknown-key',
    path: 'application.validators[0].trustRoots[0].keyless.issuerRegexp',
  },
  { name: 'a key with a dot', text: `${values({})}\n§"a.b": 1`, code: 'unknown-key', path: '["a.b"]' },
  { name: 'no application', text: '§kubernetes: {}', code: 'required', path: 'application' },
  {
    name: 'no policy',
    text: '§application:\n  validators:\n    - {name: default, type: static}',
    code: 'required',
    path: 'application.policy',
  },
  {
    name: 'P14: a policy that is cut off',
    text: 'application:\n  validators:\n    - {name: default, type: static}\n  §policy:\n',
    code: 'required',
    path: 'application.policy',
  },
  {
    name: 'no rule',
    text: 'application:\n  validators:\n    - {name: default, type: static}\n  policy: §[]',
    code: 'range',
    path: 'application.policy',
  },
  {
    name: 'no validator',
    text: 'application:\n  validators: §[]\n  policy: [{pattern: "a/*:*"}]',
    code: 'range',
    path: 'application.validators',
  },
  { name: 'a list where a map belongs', text: '§- a\n- b', code: 'type', path: '' },
  {
    name: 'a map where a list belongs',
    text: values({ more: '  registries: §{}' }),
    code: 'type',
    path: 'application.registries',
  },
  {
    name: 'P01: no for a boolean',
    text: values({ features: '{detectionMode: §no}' }),
    code: 'type',
    path: 'application.features.detectionMode',
  },
  {
    name: 'P01: "true" for a boolean',
    text: values({ features: '{detectionMode: §"true"}' }),
    code: 'type',
    path: 'application.features.detectionMode',
  },
  {
    name: 'text for a number',
    text: values({ features: '{cache: {expirySeconds: §"30"}}' }),
    code: 'type',
    path: 'application.features.cache.expirySeconds',
  },
  {
    name: 'J19: 010 for a number',
    text: values({ features: '{cache: {expirySeconds: §010}}' }),
    code: 'type',
    path: 'application.features.cache.expirySeconds',
  },
  {
    name: 'half seconds',
    text: values({ features: '{cache: {expirySeconds: §1.5}}' }),
    code: 'type',
    path: 'application.features.cache.expirySeconds',
  },
  {
    name: 'an unknown matching',
    text: values({ features: '{patternMatching: §srtict}' }),
    code: 'value',
    path: 'application.features.patternMatching',
  },
  {
    name: 'an unknown namespace mode',
    text: values({ features: '{namespacedValidation: {mode: §ingore}}' }),
    code: 'value',
    path: 'application.features.namespacedValidation.mode',
  },
  {
    name: 'true for namespaced validation',
    text: values({ features: '{namespacedValidation: §true}' }),
    code: 'type',
    path: 'application.features.namespacedValidation',
  },
  {
    name: 'panic as log level',
    text: values({ more: '  logLevel: §panic' }),
    code: 'value',
    path: 'application.logLevel',
  },

  // Validators and trust roots
  {
    name: 'no name',
    text: values({ validators: '- §{type: static}' }),
    code: 'required',
    path: 'application.validators[0].name',
  },
  {
    name: 'a name of two lines',
    text: values({ validators: `${STATIC}\n- {name: §"a\\nb", type: static}` }),
    code: 'format',
    path: 'application.validators[1].name',
  },
  {
    name: 'no type',
    text: values({ validators: '- §{name: default}' }),
    code: 'required',
    path: 'application.validators[0].type',
  },
  {
    name: 'an unknown type',
    text: values({ validators: '- {name: default, type: §cosgin}' }),
    code: 'unknown-type',
    path: 'application.validators[0].type',
  },
  {
    name: 'a validator name twice',
    text: values({ validators: `${STATIC}\n- {name: §default, type: static}` }),
    code: 'duplicate-name',
    path: 'application.validators[1].name',
  },
  {
    name: 'no trust roots',
    text: values({ validators: '- §{name: default, type: cosign}' }),
    code: 'required',
    path: 'application.validators[0].trustRoots',
  },
  {
    name: 'an empty list of trust roots',
    text: values({ validators: '- {name: default, type: cosign, trustRoots: §[]}' }),
    code: 'range',
    path: 'application.validators[0].trustRoots',
  },
  {
    name: 'a trust root name twice',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}}, {name: §default, key: ${KEY2}}]}`,
    }),
    code: 'duplicate-name',
    path: 'application.validators[0].trustRoots[1].name',
  },
  {
    name: 'a trust root called *',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}}, {name: §"*", key: ${KEY2}}]}`,
    }),
    code: 'value',
    path: 'application.validators[0].trustRoots[1].name',
  },
  {
    name: 'C09: one key under two names',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}}, {name: b, key: §${KEY}}]}`,
    }),
    code: 'duplicate-trust',
    path: 'application.validators[0].trustRoots[1].key',
  },
  {
    name: 'C09: one key in another spelling',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}}, {name: b, key: §${quoted(KEY_TEXT.replaceAll('\n', '\r\n'))}}]}`,
    }),
    code: 'duplicate-trust',
    path: 'application.validators[0].trustRoots[1].key',
  },
  {
    name: 'C09: one key reference under two names',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: "awskms://k"}, {name: b, key: §"awskms://k"}]}`,
    }),
    code: 'duplicate-trust',
    path: 'application.validators[0].trustRoots[1].key',
  },
  {
    name: 'C13: secp256k1',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: §${quoted(newKey('secp256k1'))}}]}`,
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  },
  {
    name: 'C19: a private key',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: §${PRIVATE}}]}`,
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  },
  {
    name: 'C19: a certificate as key',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: §${CERT}}]}`,
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  },
  {
    name: 'C19: a broken key of notaryv1',
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, trustRoots: [{name: default, key: §"-----BEGIN x"}]}`,
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  },
  ...[
    'http://keys.example/cosign.pub',
    'https://keys.example/cosign.pub',
    'env://COSIGN_KEY',
    'cosign.pub',
    '../cosign.pub',
    '/etc/cosign.pub',
    'pkcs11:token=x',
    'awskm://x',
    'awskms://',
    'hello',
  ].map((key) => ({
    name: `C46: ${key} as key`,
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: §"${key}"}]}`,
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  })),
  ...['§59', '§86400.5', '§31536001', '§-1'].map((seconds) => ({
    name: `T03: a timestamp's age of ${seconds}`,
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, maxTimestampAgeSeconds: ${seconds}, trustRoots: [{name: default, key: ${KEY}}]}`,
    }),
    code: seconds.includes('.') ? 'type' : 'range',
    path: 'application.validators[0].maxTimestampAgeSeconds',
  })),
  {
    name: 'C46: a key reference of notaryv1',
    text: values({
      validators:
        '- {name: default, type: notaryv1, host: n.example, trustRoots: [{name: default, key: §"awskms://k"}]}',
    }),
    code: 'public-key',
    path: 'application.validators[0].trustRoots[0].key',
  },
  {
    name: 'a trust root of nothing',
    text: values({ validators: '- {name: default, type: cosign, trustRoots: [§{name: default}]}' }),
    code: 'required',
    path: 'application.validators[0].trustRoots[0]',
  },
  {
    name: 'key and keyless',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [§{name: default, key: ${KEY}, keyless: {issuer: i, subject: s}}]}`,
    }),
    code: 'exclusive',
    path: 'application.validators[0].trustRoots[0]',
  },
  {
    name: 'a certificate for notaryv1',
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, trustRoots: [§{name: default, cert: ${CERT}}]}`,
    }),
    code: 'required',
    path: 'application.validators[0].trustRoots[0]',
  },
  {
    name: 'a key for notation',
    text: values({
      validators: `- {name: default, type: notation, trustRoots: [§{name: default, key: ${KEY}}]}`,
    }),
    code: 'required',
    path: 'application.validators[0].trustRoots[0]',
  },
  {
    name: 'C21: both issuer and issuerRegex',
    text: values({
      validators:
        '- {name: default, type: cosign, trustRoots: [{name: default, keyless: {issuer: i, §issuerRegex: i, subject: s}}]}',
    }),
    code: 'exclusive',
    path: 'application.validators[0].trustRoots[0].keyless.issuerRegex',
  },
  {
    name: 'C21: neither subject nor subjectRegex',
    text: values({
      validators: '- {name: default, type: cosign, trustRoots: [{name: default, keyless: §{issuer: i}}]}',
    }),
    code: 'required',
    path: 'application.validators[0].trustRoots[0].keyless',
  },
  {
    name: 'C21: an empty regex',
    text: values({
      validators:
        '- {name: default, type: cosign, trustRoots: [{name: default, keyless: {issuerRegex: §"", subject: s}}]}',
    }),
    code: 'range',
    path: 'application.validators[0].trustRoots[0].keyless.issuerRegex',
  },
  {
    name: 'a broken certificate of a registry',
    text: values({ validators: cosign(', cert: §hello') }),
    code: 'certificate',
    path: 'application.validators[0].cert',
  },
  {
    name: 'a broken timestamp certificate',
    text: values({
      validators: `- {name: default, type: notation, trustRoots: [{name: default, cert: ${CERT}, tsCert: §hello}]}`,
    }),
    code: 'certificate',
    path: 'application.validators[0].trustRoots[0].tsCert',
  },
  {
    name: 'a broken log key',
    text: values({ validators: cosign(', host: {rekorPubkey: §hello}') }),
    code: 'public-key',
    path: 'application.validators[0].host.rekorPubkey',
  },
  {
    name: 'a broken certificate authority',
    text: values({ validators: cosign(', host: {fulcioCert: §hello}') }),
    code: 'certificate',
    path: 'application.validators[0].host.fulcioCert',
  },
  {
    name: 'a broken certificate log key',
    text: values({ validators: cosign(', host: {ctLogPubkey: §hello}') }),
    code: 'public-key',
    path: 'application.validators[0].host.ctLogPubkey',
  },
  {
    name: 'a log on ftp',
    text: values({ validators: cosign(', host: {rekor: §"ftp://log.example"}') }),
    code: 'url',
    path: 'application.validators[0].host.rekor',
  },
  {
    name: 'a password in a URL',
    text: values({ validators: cosign(', host: {rekor: §"https://u:p@log.example"}') }),
    code: 'url',
    path: 'application.validators[0].host.rekor',
  },

  // Credentials
  {
    name: 'auth of nothing',
    text: values({ validators: cosign(', §auth: {}') }).replace('§auth: {}', 'auth: §{}'),
    code: 'auth',
    path: 'application.validators[0].auth',
  },
  {
    name: 'a user name without a password',
    text: values({ validators: cosign(', auth: §{username: u, registry: r}') }),
    code: 'auth',
    path: 'application.validators[0].auth',
  },
  {
    name: 'credentials for no registry',
    text: values({ validators: cosign(', §auth: {username: u, password: p}') }),
    code: 'required',
    path: 'application.validators[0].auth.registry',
  },
  {
    name: 'a secret and a password',
    text: values({ validators: cosign(', auth: §{secretName: s, username: u, password: p, registry: r}') }),
    code: 'exclusive',
    path: 'application.validators[0].auth',
  },
  {
    name: 'a secret outside of its directory',
    text: values({ validators: cosign(', auth: {secretName: §../x}') }),
    code: 'format',
    path: 'application.validators[0].auth.secretName',
  },
  {
    name: 'k8s_keychain, as older versions have it',
    text: values({ validators: cosign(', auth: {§k8s_keychain: true}') }),
    code: 'unknown-key',
    path: 'application.validators[0].auth.k8s_keychain',
  },

  // Rules
  {
    name: 'R40: an empty pattern',
    text: values({ policy: '- {pattern: §""}' }),
    code: 'range',
    path: 'application.policy[0].pattern',
  },
  {
    name: 'R06: a pattern with brackets',
    text: values({ policy: '- {pattern: §"registry.example/[ab]:*"}' }),
    code: 'pattern',
    path: 'application.policy[0].pattern',
  },
  {
    name: 'R07: a pattern with braces',
    text: values({ policy: `${RULE}\n- {pattern: §"{a/b,c}"}` }),
    code: 'pattern',
    path: 'application.policy[1].pattern',
  },
  {
    name: 'R08: a broken glob in the old matching',
    text: values({ policy: '- {pattern: §"a[b"}', features: '{patternMatching: connaisseur}' }),
    code: 'pattern',
    path: 'application.policy[0].pattern',
  },
  {
    name: 'R42: an unknown validator',
    text: values({ policy: '- {pattern: "a/*:*", validator: §defualt}' }),
    code: 'unknown-validator',
    path: 'application.policy[0].validator',
  },
  {
    name: 'R42: no validator called default',
    text: values({ validators: '- {name: x, type: static}', policy: '- §{pattern: "a/*:*"}' }),
    code: 'unknown-validator',
    path: 'application.policy[0].validator',
  },
  {
    name: 'R42: an unknown trust root',
    text: values({ validators: THREE, policy: rule('trustRoot: §d') }),
    code: 'unknown-trust-root',
    path: 'application.policy[0].with.trustRoot',
  },
  {
    name: 'R42: no trust root called default',
    text: values({ validators: THREE, policy: '- §{pattern: "a/*:*"}' }),
    code: 'unknown-trust-root',
    path: 'application.policy[0].with.trustRoot',
  },
  {
    name: 'R42: an unknown trust root of notaryv1',
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, trustRoots: [{name: a, key: ${KEY}}]}`,
      policy: rule('trustRoot: §b'),
    }),
    code: 'unknown-trust-root',
    path: 'application.policy[0].with.trustRoot',
  },
  {
    name: 'R42: an unknown required trust root',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", required: [a, §d]') }),
    code: 'unknown-trust-root',
    path: 'application.policy[0].with.required[1]',
  },
  {
    name: 'a required trust root that the rule does not trust',
    text: values({ validators: THREE, policy: rule('trustRoot: a, required: [§b]') }),
    code: 'unknown-trust-root',
    path: 'application.policy[0].with.required[0]',
  },
  {
    name: 'a required trust root twice',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", required: [a, §a]') }),
    code: 'duplicate-name',
    path: 'application.policy[0].with.required[1]',
  },
  {
    name: 'nobody required',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", required: §[]') }),
    code: 'range',
    path: 'application.policy[0].with.required',
  },
  {
    name: 'C12: threshold 0',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", threshold: §0') }),
    code: 'range',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'C12: threshold -1',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", threshold: §-1') }),
    code: 'range',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'C12: threshold 1.5',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", threshold: §1.5') }),
    code: 'type',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'C12: threshold "2"',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", threshold: §"2"') }),
    code: 'type',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'C12: threshold above the trust roots',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", threshold: §4') }),
    code: 'threshold',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'C12: threshold above the one trust root',
    text: values({ validators: THREE, policy: rule('trustRoot: a, threshold: §2') }),
    code: 'threshold',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'required and delegations',
    text: values({ validators: THREE, policy: rule('trustRoot: "*", required: [a], §delegations: [a]') }),
    code: 'exclusive',
    path: 'application.policy[0].with.delegations',
  },
  {
    name: 'P17: a threshold that a static validator does not check',
    text: values({ policy: rule('§threshold: 2') }),
    code: 'not-enforced',
    path: 'application.policy[0].with.threshold',
  },
  {
    name: 'P17: delegations that cosign does not check',
    text: values({ validators: cosign(), policy: rule('§delegations: [a]') }),
    code: 'not-enforced',
    path: 'application.policy[0].with.delegations',
  },
  {
    name: 'verification level skip',
    text: values({ policy: rule('verificationLevel: §skip') }),
    code: 'value',
    path: 'application.policy[0].with.verificationLevel',
  },
  {
    name: 'an unknown mode',
    text: values({ policy: rule('mode: §validate') }),
    code: 'value',
    path: 'application.policy[0].with.mode',
  },

  // Registries
  {
    name: 'a URL as registry host',
    text: values({ more: '  registries: [{host: §"https://r.example"}]' }),
    code: 'url',
    path: 'application.registries[0].host',
  },
  {
    name: 'a path in a registry host',
    text: values({ more: '  registries: [{host: §r.example/x}]' }),
    code: 'url',
    path: 'application.registries[0].host',
  },
  {
    name: 'a registry twice',
    text: values({ more: '  registries: [{host: r.example}, {host: §R.example}]' }),
    code: 'duplicate-name',
    path: 'application.registries[1].host',
  },
  {
    name: 'a certificate for plain HTTP',
    text: values({ more: `  registries: [{host: r.example, insecurePlainHttp: true, §cert: ${CERT}}]` }),
    code: 'exclusive',
    path: 'application.registries[0].cert',
  },

  // Alerting
  {
    name: 'A06: a template outside of its directory',
    text: values({ more: receiver('template: §../../secret, receiverUrl: "https://a.example"') }),
    code: 'format',
    path: 'alerting.rejectRequest.receivers[0].template',
  },
  {
    name: 'A06: a template called ..',
    text: values({ more: receiver('template: §.., receiverUrl: "https://a.example"') }),
    code: 'format',
    path: 'alerting.rejectRequest.receivers[0].template',
  },
  {
    name: 'no receiver URL',
    text: values({ more: receiver('template: slack').replace('[{', '[§{') }),
    code: 'required',
    path: 'alerting.rejectRequest.receivers[0].receiverUrl',
  },
  {
    name: 'a receiver that is no URL',
    text: values({ more: receiver('template: slack, receiverUrl: §a.example') }),
    code: 'url',
    path: 'alerting.rejectRequest.receivers[0].receiverUrl',
  },
  {
    name: 'a receiver on ftp',
    text: values({ more: receiver('template: slack, receiverUrl: §"ftp://a.example"') }),
    code: 'url',
    path: 'alerting.rejectRequest.receivers[0].receiverUrl',
  },
  {
    name: 'a receiver URL of two lines',
    text: values({ more: receiver('template: slack, receiverUrl: §"https://a.example/\\nx"') }),
    code: 'url',
    path: 'alerting.rejectRequest.receivers[0].receiverUrl',
  },
  ...[
    { name: 'A04: LF in a header', header: 'X-A: b\\nX-C: d' },
    { name: 'A04: CR in a header', header: 'X-A: b\\rX-C: d' },
    { name: 'A04: CR LF behind a header', header: 'X-A: b\\r\\n' },
    { name: 'A04: LF before a header', header: '\\nX-A: b' },
    { name: 'A04: NUL in a header', header: 'X-A: b\\0' },
    { name: 'A04: a blank in a header name', header: 'X A: b' },
    { name: 'A04: a header of another character set', header: 'X-A: \\u4e2d' },
    { name: 'A04: a header that frames the message', header: 'Transfer-Encoding: chunked' },
    { name: 'a header without a colon', header: 'Authorization token' },
    { name: 'a header without a name', header: ': token' },
  ].map(({ name, header }) => ({
    name,
    text: values({
      more: receiver(`template: slack, receiverUrl: "https://a.example", customHeaders: [§"${header}"]`),
    }),
    code: 'header',
    path: 'alerting.rejectRequest.receivers[0].customHeaders[0]',
  })),
  {
    name: 'no header in the list',
    text: values({ more: receiver('template: slack, receiverUrl: "https://a.example", customHeaders: §[]') }),
    code: 'range',
    path: 'alerting.rejectRequest.receivers[0].customHeaders',
  },
  {
    name: 'no field in the payload fields',
    text: values({ more: receiver('template: slack, receiverUrl: "https://a.example", payloadFields: §{}') }),
    code: 'format',
    path: 'alerting.rejectRequest.receivers[0].payloadFields',
  },
  {
    name: 'a negative priority',
    text: values({ more: receiver('template: slack, receiverUrl: "https://a.example", priority: §-1') }),
    code: 'range',
    path: 'alerting.rejectRequest.receivers[0].priority',
  },
  {
    name: 'templates, as older versions have it',
    text: values({ more: 'alerting: {rejectRequest: {§templates: []}}' }),
    code: 'unknown-key',
    path: 'alerting.rejectRequest.templates',
  },
];

describe('a configuration that cannot be used', () => {
  test.for(ERRORS)('$name', ({ text: marked, code, path }) => {
    const { text, place } = unmarked(marked);
    expect(() => load(text)).toThrow(ConfigurationError);
    const errors = findingsOf(text).filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([expect.objectContaining({ file: 'values.yaml', code, path, ...place })]);
  });

  test('every error at once, as a person reads', () => {
    const text = values({
      validators: '- {name: default, type: static, aprove: true}\n- {name: default, type: cosgin}',
      policy: '- {pattern: "a[b]", validator: x}\n- {pattern: "a/*:*", wiht: {}}',
      features: '{detectionMode: no}',
      more: receiver('template: ../x, receiverUrl: x}, {template: y, receiverUrl: ftp, customHeaders: ["x"]'),
    });
    const errors = findingsOf(text, { LOG_LEVEL: 'loud' }).filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code }) => code)).toEqual([
      'environment',
      'unknown-key',
      'duplicate-name',
      'unknown-type',
      'pattern',
      'unknown-validator',
      'unknown-key',
      'type',
      'format',
      'url',
      'header',
    ]);
  });

  test(
    '16 000 mistakes take no quadratic time, and a message of bounded length',
    { timeout: 20_000, tags: ['thorough'] },
    () => {
      const rules = Array.from(
        { length: 8000 },
        (_, index) => `- {pattern: "r/a:*", validator: v${index}, wiht: 1}`,
      );
      const start = performance.now();
      expect(() => load(values({ policy: rules.join('\n') }))).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/and \d+ more$/) }),
      );
      expect(performance.now() - start).toBeLessThan(60_000);
    },
  );

  test('no message repeats a secret', () => {
    const text = values({
      validators: cosign(', auth: {usrname: u, password: hunter2}'),
      more: receiver(
        'template: slack, receiverUrl: "ftp://hunter2", customHeaders: ["hunter2"], priority: hunter2',
      ),
    });
    expect(() => load(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringMatching(/"hunter2"(?! - write)/) }),
    );
  });
});

const WARNINGS: { name: string; text: string; code: string; path: string }[] = [
  {
    name: 'detection mode',
    text: values({ features: '{detectionMode: §true}' }),
    code: 'weakened',
    path: 'application.features.detectionMode',
  },
  {
    name: 'insecureValidateOnly',
    text: values({ policy: rule('mode: §insecureValidateOnly') }),
    code: 'weakened',
    path: 'application.policy[0].with.mode',
  },
  {
    name: 'plain HTTP',
    text: values({ more: '  registries: [{host: r.example, insecurePlainHttp: §true}]' }),
    code: 'weakened',
    path: 'application.registries[0].insecurePlainHttp',
  },
  {
    name: 'keyless',
    text: values({
      validators:
        '- {name: default, type: cosign, trustRoots: [{name: default, §keyless: {issuer: i, subjectRegex: s}}]}',
    }),
    code: 'unbuilt',
    path: 'application.validators[0].trustRoots[0].keyless',
  },
  ...[
    'awskms://alias/x',
    'azurekms://v.vault.azure.net/k',
    'gcpkms://projects/p/x',
    'hashivault://k',
    'k8s://ns/secret',
    'gitlab://1',
  ].map((key) => ({
    name: `C46: ${key} is known and never fetched`,
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, §key: "${key}"}]}`,
    }),
    code: 'unbuilt',
    path: 'application.validators[0].trustRoots[0].key',
  })),
  {
    name: 'a certificate for cosign',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, §cert: ${CERT}}]}`,
    }),
    code: 'unbuilt',
    path: 'application.validators[0].trustRoots[0].cert',
  },
  {
    name: 'another certificate authority',
    text: values({ validators: cosign(`, host: {§fulcioCert: ${CERT}}`) }),
    code: 'unbuilt',
    path: 'application.validators[0].host.fulcioCert',
  },
  {
    name: 'notaryv1 whose root keys may be of other collections',
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, unsafeIgnoreCollectionName: §true, trustRoots: [{name: default, key: ${KEY}}]}`,
    }),
    code: 'weakened',
    path: 'application.validators[0].unsafeIgnoreCollectionName',
  },
  {
    name: 'notation',
    text: values({
      validators: `- {name: default, type: §notation, trustRoots: [{name: default, cert: ${CERT}}]}`,
    }),
    code: 'unbuilt',
    path: 'application.validators[0].type',
  },
  {
    name: 'useKeychain of a notary server',
    text: values({
      validators: `- {name: default, type: notaryv1, host: n.example, auth: {useKeychain: §true}, trustRoots: [{name: default, key: ${KEY}}]}`,
    }),
    code: 'no-effect',
    path: 'application.validators[0].auth.useKeychain',
  },
  {
    name: 'useKeychain beside a secret',
    text: values({ validators: cosign(', auth: {secretName: s, useKeychain: §true}') }),
    code: 'no-effect',
    path: 'application.validators[0].auth.useKeychain',
  },
  {
    name: 'a trust root for a static validator',
    text: values({ policy: rule('§trustRoot: x') }),
    code: 'no-effect',
    path: 'application.policy[0].with.trustRoot',
  },
  {
    name: 'a verification level for cosign',
    text: values({ validators: cosign(), policy: rule('§verificationLevel: strict') }),
    code: 'no-effect',
    path: 'application.policy[0].with.verificationLevel',
  },
  {
    name: 'a timestamp certificate for cosign',
    text: values({
      validators: `- {name: default, type: cosign, trustRoots: [{name: default, key: ${KEY}, §tsCert: ${CERT}}]}`,
    }),
    code: 'no-effect',
    path: 'application.validators[0].trustRoots[0].tsCert',
  },
  {
    name: 'an empty key',
    text: values({ policy: '- {pattern: "registry.example/*:*", §with: }' }),
    code: 'empty-value',
    path: 'application.policy[0].with',
  },
  {
    name: 'alerting with nothing but comments',
    text: values({ more: '§alerting:\n#  clusterIdentifier: x' }),
    code: 'empty-value',
    path: 'alerting',
  },
  {
    name: 'json-pretty',
    text: values({ more: '  logFormat: §json-pretty' }),
    code: 'deprecated',
    path: 'application.logFormat',
  },
  {
    name: 'Opsgenie',
    text: values({
      more: receiver('template: opsgenie, receiverUrl: §"https://api.eu.opsgenie.com/v2/alerts"'),
    }),
    code: 'service-ends',
    path: 'alerting.rejectRequest.receivers[0].receiverUrl',
  },
];

describe('a configuration that works and should be known about', () => {
  test.for(WARNINGS)('$name', ({ text: marked, code, path }) => {
    const { text, place } = unmarked(marked);
    const { findings } = load(text.replace('approve: true', 'approve: false'));
    const hasMoved = text.includes('approve: true');
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'warning', file: 'values.yaml', code, path, line: place.line }),
    ]);
    if (!hasMoved) expect(findings[0]?.column).toBe(place.column);
  });

  test.for([
    { name: 'by name', host: ', host: §notary.docker.io' },
    { name: 'by URL', host: ', host: §"https://notary.docker.io/"' },
  ])('notary.docker.io $name ends', ({ host }) => {
    const { text, place } = unmarked(
      values({
        validators: `- {name: default, type: notaryv1${host}, trustRoots: [{name: default, key: ${KEY}}]}`,
      }),
    );
    expect(load(text).findings).toContainEqual(
      expect.objectContaining({ code: 'service-ends', path: 'application.validators[0].host', ...place }),
    );
  });

  test('notary.docker.io ends where no host is given, too', () => {
    const { text, place } = unmarked(
      values({
        validators: `- {name: default, type: §notaryv1, trustRoots: [{name: default, key: ${KEY}}]}`,
      }),
    );
    expect(load(text).findings).toContainEqual(expect.objectContaining({ code: 'service-ends', ...place }));
  });

  test.for([
    { name: 'off by default', text: '', seconds: undefined },
    { name: 'in seconds', text: ', maxTimestampAgeSeconds: 86400', seconds: 86_400 },
  ])('T03: the age of a timestamp is limited $name', ({ text, seconds }) => {
    const { validators } = load(
      values({
        validators: `- {name: default, type: notaryv1, host: n.example${text}, trustRoots: [{name: default, key: ${KEY}}]}`,
      }),
    );
    expect(validators).toMatchObject([{ maxTimestampAgeSeconds: seconds }]);
  });

  test('C09: notaryv1 counts no thresholds, so one key twice is a warning', () => {
    const text = values({
      validators: `- {name: default, type: notaryv1, host: n.example, trustRoots: [{name: default, key: ${KEY}}, {name: b, key: ${KEY}}]}`,
    });
    expect(load(text).findings.map(({ code }) => code)).toEqual(['duplicate-trust']);
  });

  test('R40: a rule that never governs has the policy’s own code', () => {
    const text = values({
      validators: cosign(),
      policy: '- {pattern: "registry.example/a:*"}\n- {pattern: "registry.example/a:*"}',
    });
    expect(load(text).findings).toContainEqual(
      expect.objectContaining({ code: 'unreachable-rule', path: 'application.policy[0].pattern', line: 5 }),
    );
  });
});

describe('the value', () => {
  test('a small file with everything else by default', () => {
    const { validators, policy, registries, features, alerting, log, findings } = load(
      values({ validators: cosign(), policy: '- pattern: "registry.example/*:*"' }),
    );
    expect(validators).toEqual([
      {
        type: 'cosign',
        name: 'default',
        trustRoots: [{ name: 'default', material: { kind: 'key', pem: KEY_TEXT } }],
        auth: { kind: 'none' },
        cert: undefined,
        host: { rekor: undefined, rekorPubkey: undefined },
      },
    ]);
    expect(policy).toEqual([
      {
        index: 0,
        pattern: 'registry.example/*:*',
        validator: 'default',
        with: {
          trustRoot: 'default',
          mode: 'mutate',
          verifyInTransparencyLog: true,
          verifySCT: true,
          verificationLevel: 'strict',
          verifyTimestamp: 'always',
        },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(registries).toEqual([]);
    expect(features).toEqual({
      automaticChildApproval: true,
      automaticUnchangedApproval: false,
      detectionMode: false,
      namespacedValidation: undefined,
      insecureDetectOnlyIn: undefined,
      csiImageDrivers: [{ driver: 'csi-image.warm-metal.tech', attribute: 'image' }],
      resourceValidationMode: 'all',
      patternMatching: 'strict',
      decisions: 'buffered',
      kubernetesEvents: false,
      policyReports: 'off',
      cache: { expirySeconds: 30, cacheErrors: true },
    });
    expect(alerting).toEqual({ clusterIdentifier: 'not specified', admit: [], reject: [] });
    expect(log).toEqual({ level: 'info', format: 'json' });
    expect(findings).toEqual([]);
  });

  test('it is frozen all the way down', () => {
    const configuration = load(
      values({
        more: receiver('template: slack, receiverUrl: "https://a.example", payloadFields: {a: [1]}'),
      }),
    );
    expect(Object.isFrozen(configuration.policy[0]?.with)).toBe(true);
    expect(Object.isFrozen(configuration.alerting.reject[0]?.payloadFields?.['a'])).toBe(true);
  });

  test.for([
    { name: 'a secret', auth: '{secretName: s}', expected: { kind: 'secret', secretName: 's' } },
    {
      name: 'a secret and the keychain',
      auth: '{secretName: s, useKeychain: true}',
      expected: { kind: 'secret', secretName: 's' },
    },
    { name: 'the keychain', auth: '{useKeychain: true}', expected: { kind: 'keychain' } },
    { name: 'no keychain', auth: '{useKeychain: false}', expected: { kind: 'none' } },
  ])('credentials from $name', ({ auth, expected }) => {
    expect(load(values({ validators: cosign(`, auth: ${auth}`) })).validators[0]).toMatchObject({
      auth: expected,
    });
  });

  test('a password is a secret', () => {
    const [validator] = load(
      values({ validators: cosign(', auth: {registry: r.example, username: u, password: hunter2}') }),
    ).validators;
    expect(JSON.stringify(validator)).not.toContain('hunter2');
    const auth = validator?.type === 'cosign' ? validator.auth : undefined;
    expect(auth?.kind === 'inline' ? auth.password.reveal() : undefined).toBe('hunter2');
  });

  test('receivers have Connaisseur’s names, and their secrets do not print', () => {
    const more = `alerting:
  clusterIdentifier: c
  admitRequest:
    receivers:
      - {template: slack, receiverUrl: "https://hooks.slack.com/services/<Your-Slack-Hook-Path>"}
      - {template: opsgenie, receiverUrl: "https://a.example/hunter2", priority: 4, failIfAlertSendingFails: True, customHeaders: ["Authorization:  GenieKey hunter2 ", "x-empty:"], payloadFields: {tags: [a], note: null}}`;
    const { admit, reject } = load(values({ more })).alerting;
    expect(admit.map(({ name }) => name)).toEqual(['slack-0', 'opsgenie-1']);
    expect(reject).toEqual([]);
    expect(JSON.stringify(admit)).not.toContain('hunter2');
    expect(admit[1]).toMatchObject({
      priority: 4,
      failIfAlertSendingFails: true,
      payloadFields: { tags: ['a'], note: null },
    });
    expect(admit[1]?.customHeaders.map(({ name, value }) => [name, value.reveal()])).toEqual([
      ['Authorization', 'GenieKey hunter2'],
      ['x-empty', ''],
    ]);
    expect(admit[1]?.receiverUrl.reveal()).toBe('https://a.example/hunter2');
  });

  test.for([
    { name: 'a log without a scheme', host: 'rekor.example', rekor: 'https://rekor.example' },
    { name: 'a log on http', host: '"http://rekor.example:3000/"', rekor: 'http://rekor.example:3000' },
    { name: 'a log below a path', host: '"https://rekor.example/api"', rekor: 'https://rekor.example/api' },
  ])('$name', ({ host, rekor }) => {
    expect(load(values({ validators: cosign(`, host: {rekor: ${host}}`) })).validators[0]).toMatchObject({
      host: { rekor },
    });
  });

  test.for([
    { name: 'lower case', host: 'Registry.Example', expected: 'registry.example' },
    { name: 'a port', host: '"registry.example:5000"', expected: 'registry.example:5000' },
    { name: 'localhost', host: '"localhost:5000"', expected: 'localhost:5000' },
    { name: 'Docker Hub’s other name', host: 'index.docker.io', expected: 'docker.io' },
  ])('a registry host: $name', ({ host, expected }) => {
    expect(load(values({ more: `  registries: [{host: ${host}}]` })).registries).toEqual([
      { host: expected, insecurePlainHttp: false, cert: undefined },
    ]);
  });

  test.for([
    {
      name: 'podsOnly in any case',
      features: '{resourceValidationMode: PODSONLY}',
      expected: { resourceValidationMode: 'podsOnly' },
    },
    {
      name: 'no namespaces by false',
      features: '{namespacedValidation: false}',
      expected: { namespacedValidation: undefined },
    },
    {
      name: 'namespaces by default',
      features: '{namespacedValidation: {}}',
      expected: { namespacedValidation: { mode: 'ignore' } },
    },
    {
      name: 'validated namespaces',
      features: '{namespacedValidation: {mode: validate}}',
      expected: { namespacedValidation: { mode: 'validate' } },
    },
    {
      name: 'no cache by a negative life',
      features: '{cache: {expirySeconds: -1}}',
      expected: { cache: { expirySeconds: 0, cacheErrors: true } },
    },
  ])('features: $name', ({ features, expected }) => {
    expect(load(values({ features })).features).toMatchObject(expected);
  });

  test('thresholds and signers reach the rule', () => {
    const [first] = load(
      values({ validators: THREE, policy: rule('trustRoot: "*", threshold: 3, required: [a, b]') }),
    ).policy;
    expect(first?.with).toMatchObject({ trustRoot: '*', threshold: 3, required: ['a', 'b'] });
    expect(first?.with).not.toHaveProperty('delegations');
  });
});

describe('layouts', () => {
  const text = values({
    features: '{detectionMode: true}',
    more: 'alerting: {clusterIdentifier: c}\nkubernetes: {redis: {tls: }, deployment: {envs: {A: b}}}\nglobal: {x: 1}',
  });
  const rendered = `validators:\n  ${STATIC}\npolicy:\n  ${RULE}\nfeatures: {detectionMode: true}\nalerting: {clusterIdentifier: c}\n`;

  test('the documents that the chart renders mean what the values mean', () => {
    const fromValues = load(text);
    const fromRendered = load(rendered);
    expect({ ...fromRendered, findings: [] }).toEqual({ ...fromValues, findings: [] });
    expect(fromRendered.findings.map(({ path }) => path)).toContain('features.detectionMode');
  });

  test('alerts in a document of their own win over a section', () => {
    const alerts = { name: 'alerts.yaml', text: 'clusterIdentifier: d\n' };
    const { alerting, findings } = loadConfiguration({
      file: { name: 'config.yaml', text: rendered },
      alerts,
    });
    expect(alerting.clusterIdentifier).toBe('d');
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'duplicate-section', file: 'config.yaml', path: 'alerting' }),
    );
  });

  test('an error in the alert document names that file', () => {
    const alerts = { name: 'alerts.yaml', text: 'clusterIdentifier: d\nrejectRequest:\n  recievers: []\n' };
    const source = { file: { name: 'config.yaml', text: values({}) }, alerts };
    expect(() => loadConfiguration(source)).toThrow(
      expect.objectContaining({
        findings: expect.arrayContaining([
          expect.objectContaining({
            file: 'alerts.yaml',
            line: 3,
            column: 3,
            path: 'rejectRequest.recievers',
          }),
        ]),
      }),
    );
  });

  test.for([
    { name: 'F27: an empty alert document', alerts: '' },
    {
      name: 'a rendered document inside of values',
      alerts: undefined,
      file: `${values({})}\nvalidators: []`,
    },
  ])('$name is refused', ({ alerts, file = values({}) }) => {
    const source = {
      file: { name: 'config.yaml', text: file },
      ...(alerts === undefined ? {} : { alerts: { name: 'alerts.yaml', text: alerts } }),
    };
    expect(() => loadConfiguration(source)).toThrow(ConfigurationError);
  });
});

describe('P01: the environment', () => {
  test.for([
    { name: 'AUTOMATIC_CHILD_APPROVAL', value: 'f', expected: { automaticChildApproval: false } },
    { name: 'AUTOMATIC_UNCHANGED_APPROVAL', value: 'T', expected: { automaticUnchangedApproval: true } },
    { name: 'DETECTION_MODE', value: '1', expected: { detectionMode: true } },
    { name: 'RESOURCE_VALIDATION_MODE', value: 'podsonly', expected: { resourceValidationMode: 'podsOnly' } },
    {
      name: 'CACHE_EXPIRY_SECONDS',
      value: '+5',
      expected: { cache: { expirySeconds: 5, cacheErrors: true } },
    },
    { name: 'CACHE_ERRORS', value: 'False', expected: { cache: { expirySeconds: 30, cacheErrors: false } } },
  ])('$name=$value wins over the file', ({ name, value, expected }) => {
    const features =
      '{automaticChildApproval: true, automaticUnchangedApproval: false, detectionMode: false, resourceValidationMode: all, cache: {expirySeconds: 30, cacheErrors: true}}';
    expect(load(values({ features }), { [name]: value }).features).toMatchObject(expected);
  });

  test.for([
    { name: 'LOG_LEVEL', value: 'WARN', expected: { level: 'warn', format: 'json' } },
    { name: 'LOG_FORMAT', value: 'text', expected: { level: 'info', format: 'text' } },
    { name: 'LOG_FORMAT', value: 'json-pretty', expected: { level: 'info', format: 'json' } },
  ])('$name=$value', ({ name, value, expected }) => {
    expect(load(values({}), { [name]: value }).log).toEqual(expected);
  });

  test.for([
    { name: 'DETECTION_MODE', value: 'no' },
    { name: 'DETECTION_MODE', value: 'tRuE' },
    { name: 'DETECTION_MODE', value: ' true' },
    { name: 'DETECTION_MODE', value: 'off' },
    { name: 'CACHE_ERRORS', value: 'flase' },
    { name: 'CACHE_EXPIRY_SECONDS', value: '30s' },
    { name: 'CACHE_EXPIRY_SECONDS', value: '1e3' },
    { name: 'CACHE_EXPIRY_SECONDS', value: '0x10' },
    { name: 'RESOURCE_VALIDATION_MODE', value: 'pods' },
    { name: 'LOG_LEVEL', value: 'warning' },
    { name: 'LOG_FORMAT', value: 'xml' },
  ])('$name="$value" is an error and no default', ({ name, value }) => {
    expect(() => load(values({}), { [name]: value })).toThrow(
      expect.objectContaining({
        findings: [
          expect.objectContaining({
            severity: 'error',
            code: 'environment',
            file: 'environment',
            line: 0,
            column: 0,
            path: name,
          }),
        ],
      }),
    );
  });

  test('an empty variable is not set', () => {
    expect(
      load(values({ features: '{detectionMode: true}' }), { DETECTION_MODE: '' }).features.detectionMode,
    ).toBe(true);
  });

  test('detection mode by the environment is a finding of the environment', () => {
    expect(load(values({}), { DETECTION_MODE: 'true' }).findings).toContainEqual(
      expect.objectContaining({ code: 'weakened', file: 'environment', path: 'DETECTION_MODE' }),
    );
  });
});

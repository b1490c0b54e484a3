// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { TestAuthority } from '#testing';

import { jsonSchema } from './json-schema.js';
import { loadConfiguration } from './load-configuration.js';
import { parseYaml } from './yaml/document.js';
import { toData } from './yaml/node.js';

const indented = (pem: string, indent: number): string =>
  pem.trim().replaceAll('\n', `\n${' '.repeat(indent)}`);
const newKey = (indent: number): string =>
  indented(
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ format: 'pem', type: 'spki' })
      .toString(),
    indent,
  );
const CERT = indented(new TestAuthority().pem, 12);

/** The values that Connaisseur's chart ships. */
const DEFAULT_VALUES = `
kubernetes:
  deployment:
    image:
      repository: docker.io/securesystemsengineering/connaisseur
    pullPolicy: IfNotPresent
    replicasCount: 3
    imagePullSecrets: []
    nodeSelector: {}
    tolerations: []
    resources:
      limits: {cpu: 1000m, memory: 512Mi}
      requests: {cpu: 100m, memory: 128Mi}
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
      privileged: false
      readOnlyRootFilesystem: true
      runAsNonRoot: true
      runAsUser: 10001
      runAsGroup: 20001
      seccompProfile: {type: RuntimeDefault}
    podSecurityContext: {}
    affinity:
      podAntiAffinity:
        preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            podAffinityTerm:
              topologyKey: kubernetes.io/hostname
              labelSelector:
                matchExpressions:
                  - {key: app.kubernetes.io/instance, operator: In, values: [connaisseur]}
    tls: {}
    envs: {}
    podLabels: {}
    annotations: {}
  service: {type: ClusterIP, port: 443}
  serviceaccount: {}
  webhook: {failurePolicy: Fail, reinvocationPolicy: Never}
  redis:
    image: {repository: redis, tag: 7}
    pullPolicy: Always
    tls: {}
  additionalLabels: {}
  podDisruptionBudget: {}

application:
  validators:
    - name: allow
      type: static
      approve: true
    - name: deny
      type: static
      approve: false
    - name: dockerhub
      type: notaryv1
      trustRoots:
        - name: sse # root of one signer
          key: |
            ${newKey(12)}
  policy:
    - pattern: "*:*"
      validator: deny
    - pattern: "docker.io/library/redis@sha256:${'5'.repeat(64)}"
      validator: allow
    - pattern: "docker.io/securesystemsengineering/*:*"
      validator: dockerhub
      with:
        trustRoot: sse
    - pattern: "registry.k8s.io/*:*"
      validator: allow
  features:
    automaticUnchangedApproval: false
    automaticChildApproval: true
    detectionMode: false
    namespacedValidation:
      mode: ignore # 'ignore' or 'validate'
    resourceValidationMode: "all" # 'all' or 'podsOnly'
    cache:
      expirySeconds: 30
      cacheErrors: true
  logLevel: info
  logFormat: json-pretty
# alerting:
`;

const COSIGN_VALUES = `
application:
  validators:
    - name: default
      type: cosign
      host:
        rekor: rekor.example
      trustRoots:
        - name: alice
          key: |
            ${newKey(12)}
        - name: bob
          key: |
            ${newKey(12)}
        - name: kms
          key: awskms:///alias/signer
      auth:
        secretName: my-registry
      cert: |
            ${CERT}
    - name: keyless
      type: cosign
      trustRoots:
        - name: release
          keyless:
            issuer: https://token.actions.example
            subjectRegex: ^https://git\\.example/org/
  policy:
    - pattern: "*:*"
      with:
        trustRoot: "*"
        threshold: 2
        required: ["alice"]
        verifyInTransparencyLog: false
    - pattern: registry.example/released/*:*
      validator: keyless
      with:
        trustRoot: release
        verifySCT: false
        mode: insecureValidateOnly
`;

const ALERTING_VALUES = `
application:
  validators:
    - name: default
      type: static
  policy:
    - pattern: "docker.io/library/*:*"
alerting:
  clusterIdentifier: example-cluster
  admitRequest:
    receivers:
      - template: opsgenie
        receiverUrl: https://api.eu.opsgenie.com/v2/alerts
        priority: 4
        customHeaders: ["Authorization: GenieKey <Your-Genie-Key>"]
        payloadFields:
          responders:
            - username: "user@example.com"
              type: user
          tags:
            - "deployed_an_image"
        failIfAlertSendingFails:
          True
      - template: slack
        receiverUrl: https://hooks.slack.com/services/<Your-Slack-Hook-Path>
        priority: 1
  rejectRequest:
    receivers:
      - template: keybase
        receiverUrl: https://bots.keybase.io/webhookbot/<Your-Keybase-Hook-Token>
        failIfAlertSendingFails: True
`;

const NOTATION_VALUES = `
application:
  validators:
    - name: notation
      type: notation
      trustRoots:
        - name: default
          cert: |
            ${CERT}
        - name: timestamped
          cert: |
            ${CERT}
          tsCert: |
            ${CERT}
  policy:
    - pattern: "registry.example/*:*"
      validator: notation
    - pattern: "registry.example/stamped/*:*"
      validator: notation
      with:
        trustRoot: timestamped
        verificationLevel: permissive
        verifyTimestamp: afterCertExpiry
  features:
    namespacedValidation: false
`;

const schema = jsonSchema();
// zod reads JSON Schema too: the published schema is tried, and not the one that it was made from.
const published = z.fromJSONSchema(schema);

function dataOf(text: string): unknown {
  const document = parseYaml({ name: 'values.yaml', text }, []);
  return document === undefined ? undefined : toData(document.root);
}

describe('values of Connaisseur validate and load', () => {
  test.for([
    { name: 'the default values', text: DEFAULT_VALUES, rules: ['deny', 'allow', 'dockerhub', 'allow'] },
    { name: 'cosign', text: COSIGN_VALUES, rules: ['default', 'keyless'] },
    { name: 'alerting', text: ALERTING_VALUES, rules: ['default'] },
    { name: 'notation', text: NOTATION_VALUES, rules: ['notation', 'notation'] },
  ])('$name', ({ text, rules }) => {
    expect(published.safeParse(dataOf(text)).error).toBeUndefined();
    const { policy } = loadConfiguration({ file: { name: 'values.yaml', text } });
    expect(policy.map(({ validator }) => validator)).toEqual(rules);
  });

  test('the default values are told about what ends', () => {
    const { findings } = loadConfiguration({ file: { name: 'values.yaml', text: DEFAULT_VALUES } });
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['service-ends', 'deprecated']));
  });
});

test.for([
  { name: 'an unknown key', text: DEFAULT_VALUES.replace('detectionMode', 'detectoinMode') },
  { name: 'an unknown type', text: DEFAULT_VALUES.replace('type: notaryv1', 'type: notaryv2') },
  { name: 'text for a boolean', text: DEFAULT_VALUES.replace('approve: true', 'approve: yes') },
  { name: 'a threshold of 0', text: COSIGN_VALUES.replace('threshold: 2', 'threshold: 0') },
  { name: 'no policy', text: ALERTING_VALUES.replace('policy:', 'polizy:') },
])('the published schema refuses $name', ({ text }) => {
  expect(published.safeParse(dataOf(text)).success).toBe(false);
});

/** Paths of every property in a schema without a description. */
function undescribed(node: unknown, path = ''): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => undescribed(item, path));
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key !== 'properties') return undescribed(value, path);
    return Object.entries(value as Record<string, Record<string, unknown>>).flatMap(([name, property]) => [
      ...(property['description'] === undefined ? [`${path}.${name}`] : []),
      ...undescribed(property, `${path}.${name}`),
    ]);
  });
}

test('every key has a description', () => {
  expect(undescribed(schema)).toEqual([]);
});

test('it is draft-7, closed, and only the deployment is left to the chart', () => {
  expect(schema).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: false,
    required: ['application'],
    properties: { kubernetes: { additionalProperties: {} }, application: { additionalProperties: false } },
  });
});

test('it needs no definitions and no look-around, so that Helm and editors read it', () => {
  const text = JSON.stringify(schema);
  expect(text).not.toContain('$ref');
  expect(text).not.toMatch(/\(\?[=!<]/);
});

import { generateKeyPairSync } from 'node:crypto';

import { TestAuthority } from '#testing';

import type { Yaml } from './helm.js';

/** Values in the shape of Connaisseur 3: every key that its chart has, and what its documentation shows. */
const pem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();

const restricted = (uid: number, gid: number): Yaml => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: uid,
  runAsGroup: gid,
  seccompProfile: { type: 'RuntimeDefault' },
});
const resources = { limits: { cpu: '1000m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } };

export const CONNAISSEUR3_DEFAULT: Yaml = {
  kubernetes: {
    deployment: {
      image: { repository: 'docker.io/securesystemsengineering/connaisseur' },
      pullPolicy: 'IfNotPresent',
      replicasCount: 3,
      imagePullSecrets: [],
      nodeSelector: {},
      tolerations: [],
      resources,
      securityContext: restricted(10_001, 20_001),
      podSecurityContext: {},
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              podAffinityTerm: {
                topologyKey: 'kubernetes.io/hostname',
                labelSelector: {
                  matchExpressions: [
                    { key: 'app.kubernetes.io/instance', operator: 'In', values: ['connaisseur'] },
                  ],
                },
              },
            },
          ],
        },
      },
      tls: {},
      envs: {},
      podLabels: {},
      annotations: {},
    },
    service: { type: 'ClusterIP', port: 443 },
    serviceaccount: {},
    webhook: { failurePolicy: 'Fail', reinvocationPolicy: 'Never' },
    redis: {
      image: { repository: 'redis', tag: 7, digest: `sha256:${'5'.repeat(64)}` },
      pullPolicy: 'Always',
      resources,
      securityContext: restricted(999, 999),
      podSecurityContext: {},
      tls: {},
    },
    additionalLabels: {},
    podDisruptionBudget: {},
  },
  application: {
    validators: [
      { name: 'allow', type: 'static', approve: true },
      { name: 'deny', type: 'static', approve: false },
      { name: 'dockerhub', type: 'notaryv1', trustRoots: [{ name: 'sse', key: pem() }] },
    ],
    policy: [
      { pattern: '*:*', validator: 'deny' },
      { pattern: `docker.io/library/redis@sha256:${'5'.repeat(64)}`, validator: 'allow' },
      {
        pattern: 'docker.io/securesystemsengineering/*:*',
        validator: 'dockerhub',
        with: { trustRoot: 'sse' },
      },
      { pattern: 'registry.k8s.io/*:*', validator: 'allow' },
    ],
    features: {
      automaticUnchangedApproval: false,
      automaticChildApproval: true,
      detectionMode: false,
      namespacedValidation: { mode: 'ignore' },
      resourceValidationMode: 'all',
      cache: { expirySeconds: 30, cacheErrors: true },
    },
    logLevel: 'info',
    logFormat: 'json-pretty',
  },
  // A key with a comment and no value.
  alerting: null,
};

/** cosign with thresholds, a private Rekor and a pull secret. */
export const CONNAISSEUR3_COSIGN: Yaml = {
  application: {
    validators: [
      {
        name: 'default',
        type: 'cosign',
        host: { rekor: 'rekor.example' },
        trustRoots: [
          { name: 'alice', key: pem() },
          { name: 'bob', key: pem() },
        ],
        auth: { secretName: 'my-registry' },
      },
      {
        name: 'keyless',
        type: 'cosign',
        trustRoots: [
          {
            name: 'release',
            keyless: { issuer: 'https://token.actions.example', subjectRegex: '^https://git\\.example/org/' },
          },
        ],
        auth: { useKeychain: true },
      },
    ],
    policy: [
      { pattern: '*:*', with: { trustRoot: '*', threshold: 2, required: ['alice'] } },
      {
        pattern: 'registry.example:5443/released/*:*',
        validator: 'keyless',
        with: { trustRoot: 'release', verifySCT: false, mode: 'insecureValidateOnly' },
      },
    ],
    features: { namespacedValidation: { mode: 'validate' }, resourceValidationMode: 'podsOnly' },
  },
};

/** Alerts to Opsgenie, Slack and Keybase, one of which an answer hangs on. */
export const CONNAISSEUR3_ALERTING: Yaml = {
  application: {
    validators: [{ name: 'default', type: 'static', approve: true }],
    policy: [{ pattern: 'docker.io/library/*:*' }],
  },
  alerting: {
    clusterIdentifier: 'example-cluster',
    admitRequest: {
      receivers: [
        {
          template: 'opsgenie',
          receiverUrl: 'https://api.eu.opsgenie.example/v2/alerts',
          priority: 4,
          customHeaders: ['Authorization: GenieKey hush-genie'],
          payloadFields: { responders: [{ username: 'user@example.com', type: 'user' }], tags: ['image'] },
          failIfAlertSendingFails: true,
        },
        { template: 'slack', receiverUrl: 'https://hooks.slack.example/services/hush-slack', priority: 1 },
      ],
    },
    rejectRequest: {
      receivers: [
        { template: 'keybase', receiverUrl: 'https://bots.keybase.example:8443/webhookbot/hush-keybase' },
      ],
    },
  },
};

const CERTIFICATE = new TestAuthority().pem;

/** Docker Hub with a user and a password in the values, and notation. */
export const CONNAISSEUR3_CREDENTIALS: Yaml = {
  application: {
    validators: [
      {
        name: 'dockerhub',
        type: 'notaryv1',
        host: 'notary.example:4443',
        trustRoots: [{ name: 'default', key: pem() }],
        auth: { username: 'robot', password: 'hush-password' },
      },
      {
        name: 'notation',
        type: 'notation',
        trustRoots: [{ name: 'default', cert: CERTIFICATE, tsCert: CERTIFICATE }],
        auth: { registry: 'registry.example', username: 'robot', password: 'hush-token' },
      },
    ],
    policy: [
      { pattern: '*:*', validator: 'notation', with: { verificationLevel: 'permissive' } },
      { pattern: 'docker.io/*:*', validator: 'dockerhub' },
    ],
    features: { namespacedValidation: false },
  },
};

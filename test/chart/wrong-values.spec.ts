import { expect, test } from 'vitest';

import { CONNAISSEUR3_ALERTING } from './connaisseur3-values.js';
import { describeWithHelm, template, type Yaml } from './helm.js';

const PEM = '-----BEGIN PRIVATE KEY-----';

describeWithHelm('values that the schema refuses, with the place of each', () => {
  test.for<{ name: string; values: Yaml; place: string }>([
    { name: 'P17 an unknown key at the top', values: { aplication: {} }, place: 'aplication' },
    {
      name: 'P17 an unknown key below kubernetes',
      values: { kubernetes: { deploymnet: {} } },
      place: 'deploymnet',
    },
    {
      name: 'P17 a misspelt key of the policy',
      values: { application: { policy: [{ pattern: '*:*', valdator: 'deny' }] } },
      place: 'valdator',
    },
    {
      name: 'P01 text for a boolean',
      values: { application: { features: { detectionMode: 'no' } } },
      place: '/application/features/detectionMode',
    },
    {
      name: 'D13 no gateway',
      values: { kubernetes: { deployment: { replicasCount: 0 } } },
      place: '/kubernetes/deployment/replicasCount',
    },
    {
      name: 'D13 autoscaling down to one',
      values: { kubernetes: { deployment: { autoscaling: { minReplicas: 1 } } } },
      place: '/kubernetes/deployment/autoscaling/minReplicas',
    },
    {
      name: 'P10 an objectSelector',
      values: { kubernetes: { webhook: { objectSelector: { matchLabels: { a: 'b' } } } } },
      place: 'objectSelector',
    },
    {
      name: 'a patience that the API server does not have',
      values: { kubernetes: { webhook: { timeoutSeconds: { mutating: 31 } } } },
      place: '/kubernetes/webhook/timeoutSeconds/mutating',
    },
    {
      name: 'a failure policy that is none',
      values: { kubernetes: { webhook: { failurePolicy: 'Open' } } },
      place: '/kubernetes/webhook/failurePolicy',
    },
    {
      name: 'a mode that is none',
      values: { application: { features: { namespacedValidation: { mode: 'off' } } } },
      place: '/application/features/namespacedValidation',
    },
    {
      name: 'a digest that is none',
      values: { kubernetes: { redis: { image: { digest: 'sha256:12' } } } },
      place: '/kubernetes/redis/image/digest',
    },
    {
      name: 'an address that is none',
      values: { kubernetes: { networkPolicy: { apiServer: { cidrs: ['example.com'] } } } },
      place: '/kubernetes/networkPolicy/apiServer/cidrs/0',
    },
    {
      name: 'an unknown validator type',
      values: { application: { validators: [{ name: 'a', type: 'cosgin' }] } },
      place: '/application/validators/0',
    },
    { name: 'no policy', values: { application: { policy: [] } }, place: '/application/policy' },
    {
      name: 'a template that could leave its folder',
      values: { alerting: { templates: { '../x': '{}' } } },
      place: "'../x'",
    },
  ])('$name', ({ values, place }) => {
    const { ok, error } = template({ values });
    expect(ok).toBe(false);
    expect(error).toContain(place);
  });
});

describeWithHelm('values that only the chart can judge: the message names the value and the way out', () => {
  const alerting = (fields: Yaml): Yaml => ({
    rejectRequest: { receivers: [{ template: 'slack', receiverUrl: 'https://x.example', ...fields }] },
  });
  test.for<{ name: string; values?: Yaml; namespace?: string; says: string[] }>([
    {
      name: 'D03 namespace default',
      namespace: 'default',
      says: ['namespace default', '--namespace connaisseur'],
    },
    { name: 'D03 namespace kube-system', namespace: 'kube-system', says: ['namespace kube-system'] },
    {
      name: 'a private key for the webhook',
      values: { kubernetes: { deployment: { tls: { cert: 'x', key: PEM } } } },
      says: ['kubernetes.deployment.tls', 'kubernetes.certificates.source=own'],
    },
    {
      name: 'a private key for Redis',
      values: { kubernetes: { redis: { tls: { cert: 'x', key: PEM } } } },
      says: ['kubernetes.redis.tls'],
    },
    {
      name: 'P04 fail open without its failure policy',
      values: { kubernetes: { webhook: { unsafeFailOpen: true } } },
      says: ['kubernetes.webhook.unsafeFailOpen', 'failurePolicy: Ignore'],
    },
    {
      name: 'an own certificate without its Secret',
      values: { kubernetes: { certificates: { source: 'own' } } },
      says: ['kubernetes.certificates.secretName'],
    },
    {
      name: 'a Secret name without its source',
      values: { kubernetes: { certificates: { secretName: 'other' } } },
      says: ['kubernetes.certificates.secretName'],
    },
    {
      name: 'an external Redis without its address',
      values: { kubernetes: { redis: { external: { enabled: true } } } },
      says: ['kubernetes.redis.external.secretName'],
    },
    {
      name: 'autoscaling from many to few',
      values: {
        kubernetes: { verifier: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 3 } } },
      },
      says: ['kubernetes.verifier.autoscaling'],
    },
    {
      name: 'a template that is not there',
      values: { alerting: alerting({ template: 'slak' }) },
      says: ['"slak"', 'slack', 'alerting.templates.slak'],
    },
    {
      name: 'two places for the alerts',
      values: { ...CONNAISSEUR3_ALERTING, kubernetes: { alerting: { existingConfigSecret: 'x' } } },
      says: ['existingConfigSecret'],
    },
    {
      name: 'credentials of a validator whose name no Secret can have',
      values: {
        application: {
          validators: [
            {
              name: 'My Registry',
              type: 'cosign',
              trustRoots: [{ name: 'default', key: 'x' }],
              auth: { username: 'u', password: 'p', registry: 'r.example' },
            },
          ],
        },
      },
      says: ['"My Registry"', 'auth.secretName'],
    },
  ])('$name', ({ values = {}, namespace = 'connaisseur', says }) => {
    const { ok, text, error } = template({ values, namespace });
    expect(ok).toBe(false);
    for (const part of says) expect(error).toContain(part);
    expect(text + error).not.toContain(PEM);
  });

  test('their positive twin renders', () => {
    const values = {
      kubernetes: { webhook: { failurePolicy: 'Ignore', unsafeFailOpen: true } },
      alerting: alerting({}),
    };
    expect(template({ values })).toMatchObject({ ok: true });
  });
});

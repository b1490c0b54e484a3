import { z } from 'zod';

import { objectName } from './chart-parts.js';

export const WebhookSchema = z.strictObject({
  failurePolicy: z
    .enum(['Fail', 'Ignore'])
    .optional()
    .describe('When nobody answers: of the mutating webhook. The validating one stays at Fail.'),
  unsafeFailOpen: z
    .boolean()
    .optional()
    .describe('With failurePolicy Ignore: let everything in while Connaisseur is down.'),
  reinvocationPolicy: z
    .enum(['Never', 'IfNeeded'])
    .optional()
    .describe('Whether the mutating webhook is called again after others changed the object.'),
  timeoutSeconds: z
    .strictObject({
      mutating: z.int().min(2).max(30).optional().describe('Patience of the API server with /mutate.'),
      validating: z.int().min(2).max(30).optional().describe('Patience of the API server with /validate.'),
    })
    .optional()
    .describe('How long the API server waits.'),
  exemptKubeSystem: z
    .boolean()
    .optional()
    .describe('Leave kube-system alone, so that a cluster can start. Who may create pods there is exempt.'),
  guardNamespaceLabel: z
    .boolean()
    .optional()
    .describe(
      'With namespacedValidation: only who has the verb `exempt` on namespaces may change the label (Kubernetes 1.30).',
    ),
  guardOwnNamespace: z
    .boolean()
    .optional()
    .describe(
      'Only who may patch the ValidatingAdmissionPolicy connaisseur-own-namespace runs anything in our namespace (Kubernetes 1.30).',
    ),
  driftSeconds: z
    .int()
    .min(5)
    .max(300)
    .optional()
    .describe('How often the keeper compares the configurations.'),
});

export const CertificatesSchema = z.strictObject({
  source: z
    .enum(['self', 'cert-manager', 'own'])
    .optional()
    .describe('self: made and rotated in the cluster; cert-manager; own: a Secret of yours.'),
  secretName: objectName()
    .optional()
    .describe('Secret with tls.crt, tls.key and ca.crt, for cert-manager and own.'),
  issuerRef: z
    .strictObject({
      name: z.string().optional().describe('Name of the issuer; empty: one of our own in this namespace.'),
      kind: z.enum(['Issuer', 'ClusterIssuer']).optional().describe('Its kind.'),
      group: z.string().optional().describe('Its API group.'),
    })
    .optional()
    .describe('Issuer of cert-manager.'),
});

export const PriorityClassSchema = z.strictObject({
  create: z.boolean().optional().describe('Make the class; false: it exists.'),
  name: z.string().min(1).optional().describe('Name of the class of our pods.'),
  value: z.int().max(1_000_000_000).optional().describe('Its value.'),
});

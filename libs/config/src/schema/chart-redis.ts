import { z } from 'zod';

import {
  ImageSchema,
  kubernetesObject,
  objectName,
  placement,
  PullPolicySchema,
  TlsSchema,
} from './chart-parts.js';

const ExternalSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Use a Redis of your own; none is installed.'),
  secretName: objectName()
    .or(z.literal(''))
    .optional()
    .describe(
      'Secret with `url` (rediss://, redis+sentinel://, redis+cluster://) and `ca.crt`, if it has its own CA.',
    ),
  gatewaySecretName: z.string().optional().describe('The same for gateways only: their own Redis user.'),
  verifierSecretName: z.string().optional().describe('The same for verifiers only.'),
  alertingSecretName: z.string().optional().describe('The same for alerting only.'),
});

export const RedisSchema = z.strictObject({
  image: ImageSchema.optional().describe('Image of the bundled Redis, 7.0 or newer; Valkey works too.'),
  pullPolicy: PullPolicySchema.optional().describe('When the image is pulled.'),
  securityContext: kubernetesObject().optional().describe('Security context of the container.'),
  podSecurityContext: kubernetesObject().optional().describe('Security context of the pod.'),
  tls: TlsSchema.optional().describe('Not taken any more: the certificate is made in the cluster.'),
  persistence: z
    .strictObject({
      enabled: z.boolean().optional().describe('Keep waiting alerts over a restart of the pod.'),
      size: z.string().optional().describe('Size of the volume.'),
      storageClassName: z.string().optional().describe('Storage class; default: the cluster’s.'),
    })
    .optional()
    .describe('A volume for the append-only file.'),
  maxmemoryPercent: z
    .int()
    .min(10)
    .max(90)
    .optional()
    .describe('Part of the memory limit that Redis fills before it refuses writes.'),
  external: ExternalSchema.optional().describe('A Redis of your own instead of the bundled one.'),
  ...placement,
});

import { z } from 'zod';

import { exactNamespaceNames, namespaceNames, NamespaceSelectorSchema } from './namespaces.js';
import { anyCase } from './scalars.js';

const NamespacedValidation = z.strictObject({
  mode: z
    .enum(['ignore', 'validate'])
    .default('ignore')
    .describe('ignore: all namespaces but the labelled ones; validate: only the labelled ones.'),
  insecureIgnoreNamespaces: namespaceNames()
    .optional()
    .describe('Namespaces that are not validated, by name. With mode ignore.'),
  insecureOnlyNamespaces: namespaceNames()
    .optional()
    .describe('The only namespaces that are validated, by name, instead of the label. With mode validate.'),
});

const DetectOnlyIn = z.strictObject({
  namespaces: namespaceNames().optional().describe('By name.'),
  namespaceSelector: NamespaceSelectorSchema.optional().describe('By label, as Kubernetes selects.'),
});

const CsiDriver = z.strictObject({
  driver: z
    .string()
    .max(63)
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/, { error: 'expected the name of a CSI driver' })
    .describe('Name of the CSI driver.'),
  attribute: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, { error: 'expected the name of a volume attribute' })
    .default('image')
    .describe('The key of volumeAttributes that names the image.'),
});

const ImagePullSecrets = z.strictObject({
  namespaces: exactNamespaceNames().describe(
    'Namespaces that opted in: gateways read Secrets and ServiceAccounts there, and nowhere else.',
  ),
});

const CacheSchema = z.strictObject({
  expirySeconds: z
    .int()
    .default(30)
    .describe('How long a tag may stand for the digest that it had; 0 asks the registry at every admission.'),
  cacheErrors: z.boolean().default(true).describe('Whether refusals are cached too.'),
});

export const FeaturesSchema = z.strictObject({
  automaticChildApproval: z
    .boolean()
    .default(true)
    .describe('Admit what a controller makes from an object that was admitted.'),
  automaticUnchangedApproval: z
    .boolean()
    .default(false)
    .describe('Admit updates whose images are the digests that they were.'),
  detectionMode: z.boolean().default(false).describe('Deny nothing; warn about what would have been denied.'),
  namespacedValidation: z
    .union([z.literal(false), NamespacedValidation])
    .optional()
    .describe(
      'Which namespaces are validated, by the label securesystemsengineering.connaisseur/webhook or by name.',
    ),
  insecureDetectOnlyIn: DetectOnlyIn.optional().describe(
    'Detection mode for some namespaces: by name, by label, or either.',
  ),
  resourceValidationMode: anyCase(['all', 'podsOnly'])
    .default('all')
    .describe('podsOnly: workloads other than Pods are checked and warned about, never denied.'),
  csiImageDrivers: z
    .array(CsiDriver)
    .max(16)
    .default([{ driver: 'csi-image.warm-metal.tech', attribute: 'image' }])
    .describe('CSI drivers whose inline volumes are images.'),
  imagePullSecrets: ImagePullSecrets.optional().describe(
    'Use the imagePullSecrets of workloads and their ServiceAccounts to look for proofs.',
  ),
  patternMatching: z
    .enum(['strict', 'connaisseur'])
    .default('strict')
    .describe('How patterns match: host exactly and by whole components, or as Connaisseur 3 does.'),
  decisions: z
    .enum(['buffered', 'strict'])
    .default('buffered')
    .describe('strict: an admission leaves only after its decision is written.'),
  kubernetesEvents: z
    .boolean()
    .default(false)
    .describe('Write Kubernetes Events about what was denied; alerting then talks to the API server.'),
  policyReports: z
    .enum(['off', 'auto', 'openreports', 'wgpolicyk8s'])
    .default('off')
    .describe(
      'Write reports about images into the report API that is named; auto: into one that the cluster has.',
    ),
  cache: CacheSchema.prefault({}).describe('Life of what was found out.'),
});
export type FeaturesInput = z.infer<typeof FeaturesSchema>;

import { z } from 'zod';

import { anyCase } from './scalars.js';

const NamespacedValidation = z.strictObject({
  mode: z
    .enum(['ignore', 'validate'])
    .default('ignore')
    .describe('ignore: all namespaces but the labelled ones; validate: only the labelled ones.'),
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
    .describe('Which namespaces are validated, by the label securesystemsengineering.connaisseur/webhook.'),
  resourceValidationMode: anyCase(['all', 'podsOnly'])
    .default('all')
    .describe('podsOnly: workloads other than Pods are checked and warned about, never denied.'),
  patternMatching: z
    .enum(['strict', 'connaisseur'])
    .default('strict')
    .describe('How patterns match: host exactly and by whole components, or as Connaisseur 3 does.'),
  decisions: z
    .enum(['buffered', 'strict'])
    .default('buffered')
    .describe('strict: an admission leaves only after its decision is written.'),
  cache: CacheSchema.prefault({}).describe('Life of what was found out.'),
});
export type FeaturesInput = z.infer<typeof FeaturesSchema>;

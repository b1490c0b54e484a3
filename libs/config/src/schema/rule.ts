import { z } from 'zod';

import { namespaceNames } from './namespaces.js';

const roleNames = z.array(z.string().min(1).max(253)).min(1).optional();

const WithSchema = z.strictObject({
  trustRoot: z
    .string()
    .min(1)
    .default('default')
    .describe('Name of a trust root of the validator, or "*" for all.'),
  mode: z
    .enum(['mutate', 'insecureValidateOnly'])
    .default('mutate')
    .describe(
      'mutate pins the verified digest in the object; insecureValidateOnly leaves the reference as it is.',
    ),
  threshold: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('How many trust roots must have signed. With trustRoot "*"; default: all. For type cosign.'),
  required: roleNames.describe('Trust roots that must be among the signers. For type cosign.'),
  delegations: roleNames.describe('Delegation roles that must have signed. For type notaryv1.'),
  verifyInTransparencyLog: z
    .boolean()
    .default(true)
    .describe('Ask for a proof of the transparency log. For type cosign.'),
  verifySCT: z
    .boolean()
    .default(true)
    .describe('Ask for a proof of the certificate log. For keyless signatures.'),
  verificationLevel: z
    .enum(['strict', 'permissive', 'audit'])
    .default('strict')
    .describe('What a notation signature must meet; less is logged only. For type notation.'),
  verifyTimestamp: z
    .enum(['always', 'afterCertExpiry'])
    .default('always')
    .describe('When a timestamp is asked for. For type notation.'),
});
export type WithInput = z.infer<typeof WithSchema>;

export const RuleSchema = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .max(1024)
    .describe('Images that this rule is for, such as docker.io/library/*:* .'),
  validator: z.string().min(1).max(253).default('default').describe('Name of the validator that decides.'),
  namespaces: namespaceNames()
    .optional()
    .describe('Namespaces that this rule holds in; * stands for any run of characters. Default: all.'),
  insecureDetectOnly: z
    .boolean()
    .default(false)
    .describe('Let in what this rule denies, with a warning, and deny nothing because of it.'),
  with: WithSchema.prefault({}).describe('What the validator shall ask for.'),
});
export type RuleInput = z.infer<typeof RuleSchema>;

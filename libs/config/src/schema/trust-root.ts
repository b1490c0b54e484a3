import { z } from 'zod';

import { printableName } from './scalars.js';

const Keyless = z
  .strictObject({
    issuer: z.string().min(1).optional().describe('OIDC issuer, exactly. One of issuer and issuerRegex.'),
    issuerRegex: z
      .string()
      .min(1)
      .optional()
      .describe('Regular expression (RE2) that finds the OIDC issuer.'),
    subject: z
      .string()
      .min(1)
      .optional()
      .describe('Identity in the certificate, exactly. One of subject and subjectRegex.'),
    subjectRegex: z.string().min(1).optional().describe('Regular expression (RE2) that finds the identity.'),
  })
  .describe('Identity of a keyless (Fulcio) signature.');

/** One key, certificate or identity that a rule may trust. Which of them fits depends on the validator's type. */
export const TrustRootSchema = z.strictObject({
  name: printableName().describe('Name that rules use; "default" is implied where a rule names none.'),
  key: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Public key: one PEM block of type PUBLIC KEY; or, for cosign, a reference such as awskms://… .',
    ),
  cert: z.string().min(1).optional().describe('Certificate, PEM. For validators of type notation.'),
  tsCert: z
    .string()
    .min(1)
    .optional()
    .describe('Root certificate of a timestamp authority, PEM. For type notation.'),
  keyless: Keyless.optional(),
});
export type TrustRootInput = z.infer<typeof TrustRootSchema>;

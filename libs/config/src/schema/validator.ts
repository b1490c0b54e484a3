import { z } from 'zod';

import { printableName, secretName } from './scalars.js';
import { TrustRootSchema } from './trust-root.js';

const name = printableName().describe('Name that rules use; "default" is implied where a rule names none.');
const trustRoots = z.array(TrustRootSchema).min(1).describe('What the rules of this validator may trust.');

export const AuthSchema = z
  .strictObject({
    secretName: secretName()
      .optional()
      .describe(
        'Secret with the credentials, mounted at /app/secrets/<secretName> (secret.yaml or .dockerconfigjson).',
      ),
    useKeychain: z
      .boolean()
      .optional()
      .describe('Use the credentials of the environment (cloud provider, Docker config).'),
    registry: z.string().min(1).max(255).optional().describe('Host that gets username and password.'),
    username: z
      .string()
      .min(1)
      .optional()
      .describe('User name for the registry; the chart moves it to a Secret.'),
    password: z
      .string()
      .min(1)
      .optional()
      .describe('Password for the registry; the chart moves it to a Secret.'),
  })
  .describe('Credentials for the registry, or for the notary server.');
export type AuthInput = z.infer<typeof AuthSchema>;

const StaticSchema = z.strictObject({
  name,
  type: z.literal('static').describe('Admits or refuses everything, without a look at the network.'),
  approve: z
    .boolean()
    .default(false)
    .describe('true admits every image that a rule sends here, false refuses it.'),
});

const CosignSchema = z.strictObject({
  name,
  type: z.literal('cosign').describe('Sigstore signatures, as cosign makes them.'),
  trustRoots,
  host: z
    .strictObject({
      rekor: z
        .string()
        .min(1)
        .optional()
        .describe('URL of the transparency log. Default: https://rekor.sigstore.dev.'),
      rekorPubkey: z.string().min(1).optional().describe('Public key of the transparency log, PEM.'),
      fulcioCert: z
        .string()
        .min(1)
        .optional()
        .describe('Certificates of the certificate authority, PEM. For keyless.'),
      ctLogPubkey: z
        .string()
        .min(1)
        .optional()
        .describe('Public key of the certificate log, PEM. For keyless.'),
    })
    .optional()
    .describe('A Sigstore instance other than the public one.'),
  auth: AuthSchema.optional(),
  cert: z.string().min(1).optional().describe('Certificates that the registry may be signed by, PEM.'),
});

const NotaryV1Schema = z.strictObject({
  name,
  type: z.literal('notaryv1').describe('Docker Content Trust: TUF metadata of a notary server.'),
  trustRoots,
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Notary server: host[:port] or URL. Default: notary.docker.io.'),
  auth: AuthSchema.optional(),
  cert: z.string().min(1).optional().describe('Certificates that the notary server may be signed by, PEM.'),
  unsafeIgnoreCollectionName: z
    .boolean()
    .default(false)
    .describe(
      'true accepts root keys that are not certified for the collection, so trust data of one serve for another.',
    ),
  maxTimestampAgeSeconds: z
    .int()
    .min(60)
    .max(31_536_000)
    .optional()
    .describe(
      'Refuse a timestamp this long after it was first seen, before it expires. Off by default: notary servers sign a new one only when something was published or the old one ends.',
    ),
});

const NotationSchema = z.strictObject({
  name,
  type: z.literal('notation').describe('Notary Project signatures, as notation makes them.'),
  trustRoots,
  auth: AuthSchema.optional(),
  cert: z.string().min(1).optional().describe('Certificates that the registry may be signed by, PEM.'),
});

export const VALIDATOR_TYPES = ['static', 'cosign', 'notaryv1', 'notation'] as const;

export const ValidatorSchema = z.discriminatedUnion('type', [
  StaticSchema,
  CosignSchema,
  NotaryV1Schema,
  NotationSchema,
]);
export type ValidatorInput = z.infer<typeof ValidatorSchema>;
export type CosignInput = z.infer<typeof CosignSchema>;
export type NotaryV1Input = z.infer<typeof NotaryV1Schema>;

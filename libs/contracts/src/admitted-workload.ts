import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Most images of one record; the owner of more has no shortcut for the others. */
export const MAX_ADMITTED_IMAGES = 64;

/**
 * What a gateway keeps of a workload that it admitted with proof: which digest-pinned image stands at which place, by
 * which rule and trust. Signed where it lies; the one thing that child approval believes beside the live owner.
 */
export const AdmittedWorkload = z.strictObject({
  namespace: z.string().min(1).max(253),
  /** `metadata.uid`, which the API server gives and nobody else. */
  uid: z.string().min(1).max(128),
  /** Revision of validators, registries and credentials that the proofs were made with. */
  trustRevision: hash,
  /** End of its life, ms since the epoch: that of the proofs, and at most seven days. */
  until: z.number().int().nonnegative(),
  images: z
    .array(
      z.strictObject({
        /** List and name of the container or volume, the same in a template and in what is made from it. */
        path: z.string().min(1).max(300),
        /** The reference as it stands in the object; ends in its digest. */
        image: z.string().min(1).max(600),
        /** The hash of the rule that governed it there. */
        rule: hash,
      }),
    )
    .min(1)
    .max(MAX_ADMITTED_IMAGES),
});
export type AdmittedWorkload = z.infer<typeof AdmittedWorkload>;

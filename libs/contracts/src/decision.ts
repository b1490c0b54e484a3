import { z } from 'zod';

import { Verdict } from './verdict.js';

const phase = z.enum(['mutate', 'validate']);
export type Phase = z.infer<typeof phase>;

const short = z.string().max(300);

/** What was decided about one distinct image of an object, and on which ground (design rule 2). */
export const DecidedImage = z.strictObject({
  /** The reference as written in the object. */
  image: z.string().max(600),
  /** Paths of the sites that hold it, RFC 6901 pointers into the object; the first eight. */
  sites: z.array(short).max(8),
  outcome: z.enum(['admitted', 'refused', 'undecided']),
  ground: z.enum(['verified', 'static', 'child', 'unchanged']).optional(),
  digest: z.string().max(80).optional(),
  code: z.string().max(8).optional(),
  message: short.optional(),
  /** `policy[i]` and its pattern. */
  rule: z.strictObject({ index: z.number().int(), pattern: short }).optional(),
  validator: z.strictObject({ name: short, type: short }).optional(),
  cached: z.boolean().optional(),
  /** Present where the verdict is fresh, so that each piece of evidence is on the stream once. */
  evidence: z.array(z.unknown()).max(64).optional(),
});
export type DecidedImage = z.infer<typeof DecidedImage>;

/** One admission decided by a gateway. Written once, read by alerting and `watch`. */
export const DecisionRecord = z.strictObject({
  v: z.literal(1),
  /** `request.uid` of the AdmissionReview, an id for people. */
  uid: z.string().max(128),
  /** Milliseconds since the epoch. */
  time: z.number().int(),
  cluster: z.string().max(128),
  gateway: z.string().max(128),
  phase,
  /** What the API server was told. */
  allowed: z.boolean(),
  /** The decision before detection mode: `allowed && wouldDeny` is detection mode at work. */
  wouldDeny: z.boolean(),
  result: z.enum(['admitted', 'refused', 'undecided', 'timeout', 'invalid']),
  /** `ignored`: the namespace is exempt by name, and nobody looked at the images. */
  mode: z.enum(['enforce', 'detect', 'podsOnly', 'ignored']),
  dryRun: z.boolean(),
  operation: z.string().max(16),
  kind: z.string().max(64),
  namespace: z.string().max(256),
  name: z.string().max(256),
  /** UID of the object itself, where the API server has given it one: on updates, and for `/validate` where no controller made it. */
  objectUid: z.string().max(128).optional(),
  /** The live object that a built-in controller says it makes this one from. */
  owner: z
    .strictObject({ kind: z.string().max(64), name: z.string().max(253), uid: z.string().max(128) })
    .optional(),
  user: z.string().max(256).optional(),
  code: z.string().max(8).optional(),
  /** First line of the answer. */
  message: z.string().max(1024).optional(),
  images: z.array(DecidedImage).max(64),
  /** How many distinct images the object has; more than `images` holds where it was cut. */
  imageCount: z.number().int(),
  tookMs: z.number().nonnegative(),
  /** Configuration revision, the first 12 characters. */
  revision: z.string().max(64),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;

/** Which receivers hear of a decision. */
export type AlertOutcome = 'admit' | 'reject';

export { Verdict };

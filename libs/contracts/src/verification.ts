import { z } from 'zod';

import { Verdict } from './verdict.js';

/** Raised whenever a message changes meaning; a verifier that does not speak it says so and the gateway looks itself. */
export const PROTOCOL_VERSION = 1;

const nonce = z.string().regex(/^[0-9a-f]{32}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** One image under one rule, as a gateway asks for it. The rule travels as its hash: a verifier uses its own configuration. */
export const VerificationRequest = z.strictObject({
  v: z.number().int(),
  /** Cluster id: two clusters on one Redis do not hear each other. */
  cluster: z.string().max(128),
  /** 128 random bits; the reply must carry it. */
  nonce,
  /** The gateway that asks; names its reply list. */
  gateway: z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/),
  /** Canonical reference. */
  image: z.string().max(600),
  rule: hash,
  /** `trustRevision` of the gateway's configuration: validators and registries. */
  revision: hash,
  /** What is left of the admission when the request was written, milliseconds; age is measured by Redis' clock. */
  budgetMs: z.number().int().min(1).max(60_000),
  /** 0 for the first, 1 and 2 for hedges. */
  attempt: z.number().int().min(0).max(9),
});
export type VerificationRequest = z.infer<typeof VerificationRequest>;

const bound = {
  v: z.number().int(),
  cluster: z.string().max(128),
  nonce,
  image: z.string().max(600),
  rule: hash,
  revision: hash,
  verifier: z.string().max(128),
};

/** What comes back, bound to every field of the question. */
export const VerificationReply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('verdict'), ...bound, verdict: Verdict }),
  /** This verifier has another configuration or protocol; the gateway looks itself. */
  z.strictObject({
    kind: z.literal('cannot'),
    ...bound,
    reason: z.enum(['revision', 'protocol', 'quarantined']),
  }),
]);
export type VerificationReply = z.infer<typeof VerificationReply>;

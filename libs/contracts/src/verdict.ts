import { z } from 'zod';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const sentence = z.string().max(512);
const milliseconds = z.number().int().nonnegative();

const evidence = z.strictObject({
  step: z.enum([
    'rule',
    'static',
    'resolve-digest',
    'fetch-signatures',
    'verify-signature',
    'verify-claims',
    'verify-log',
    'verify-certificate',
    'threshold',
  ]),
  ok: z.boolean(),
  text: sentence,
  /** As long as a configuration may name it. */
  trustRoot: z.string().max(253).optional(),
  key: z.string().max(80).optional(),
  format: z.enum(['legacy', 'bundle']).optional(),
  logIndex: z.number().int().nonnegative().optional(),
  logTime: z.number().int().nonnegative().optional(),
  ms: z.number().nonnegative().optional(),
});

const common = {
  evidence: z.array(evidence).max(64),
  /** How long the verification took, milliseconds. */
  tookMs: z.number().nonnegative(),
};

/** The answer for one image under one rule. Three outcomes, never two (design rule 1). */
export const Verdict = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('admitted'),
    ground: z.enum(['verified', 'static']),
    /** Absent only for a static rule on a reference without digest. */
    digest: digest.optional(),
    notAfter: milliseconds.optional(),
    /** The end of what the proof rests on, where a store has cut `notAfter` to the end of its own record. */
    provenUntil: milliseconds.optional(),
    ...common,
  }),
  z.strictObject({
    outcome: z.literal('refused'),
    code: z.string().regex(/^CNS-1\d{3}$/),
    message: sentence,
    found: sentence.optional(),
    expected: sentence.optional(),
    next: sentence.optional(),
    ...common,
  }),
  z.strictObject({
    outcome: z.literal('undecided'),
    code: z.string().regex(/^CNS-[23]\d{3}$/),
    message: sentence,
    retryAfterMs: milliseconds.optional(),
    ...common,
  }),
]);
export type Verdict = z.infer<typeof Verdict>;

// Over 200 lines: the contract is one table that each implementation runs whole.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';

import { DecidedImage, DecisionRecord } from './decision.js';
import { Verdict } from './verdict.js';
import { VerificationReply, VerificationRequest } from './verification.js';

const HASH = 'ab'.repeat(32);
const DIGEST = `sha256:${HASH}`;
const NONCE = '0f'.repeat(16);
const EVIDENCE = {
  step: 'verify-signature',
  ok: true,
  text: 'by team',
  key: `SHA256:${HASH}`,
  logIndex: 3,
  ms: 0.5,
};
const ADMITTED = {
  outcome: 'admitted',
  ground: 'verified',
  digest: DIGEST,
  notAfter: 1_700_000_000_000,
  evidence: [EVIDENCE],
  tookMs: 1.5,
};
const REFUSED = {
  outcome: 'refused',
  code: 'CNS-1003',
  message: 'm',
  found: 'f',
  expected: 'e',
  next: 'n',
  evidence: [],
  tookMs: 0,
};
const UNDECIDED = {
  outcome: 'undecided',
  code: 'CNS-2004',
  message: 'm',
  retryAfterMs: 5,
  evidence: [],
  tookMs: 0,
};
const REQUEST = {
  v: 1,
  cluster: 'c',
  nonce: NONCE,
  gateway: 'gw-1',
  image: 'ghcr.io/acme/api:1',
  rule: HASH,
  revision: HASH,
  budgetMs: 100,
  attempt: 0,
};
const BOUND = { v: 1, cluster: 'c', nonce: NONCE, image: 'i', rule: HASH, revision: HASH, verifier: 'v' };
const REPLY = { kind: 'verdict', ...BOUND, verdict: ADMITTED };
const CANNOT = { kind: 'cannot', ...BOUND, reason: 'revision' };
const IMAGE = {
  image: 'ghcr.io/acme/api:1',
  sites: ['/spec/containers/0/image'],
  outcome: 'admitted',
  ground: 'verified',
  digest: DIGEST,
  rule: { index: 0, pattern: '*:*' },
  validator: { name: 'team', type: 'cosign' },
  cached: false,
  evidence: [EVIDENCE],
};
const RECORD = {
  v: 1,
  uid: 'u',
  time: 1,
  cluster: 'c',
  gateway: 'g',
  phase: 'mutate',
  allowed: true,
  wouldDeny: false,
  result: 'admitted',
  mode: 'enforce',
  dryRun: false,
  operation: 'CREATE',
  kind: 'Pod',
  namespace: 'n',
  name: 'p',
  images: [IMAGE],
  imageCount: 1,
  tookMs: 1,
  revision: HASH.slice(0, 12),
};

test.for<{ name: string; schema: z.ZodType; value: unknown }>([
  { name: 'an admission', schema: Verdict, value: ADMITTED },
  { name: 'a refusal', schema: Verdict, value: REFUSED },
  { name: 'an undecided verdict', schema: Verdict, value: UNDECIDED },
  {
    name: 'an undecided verdict for a fault of ours',
    schema: Verdict,
    value: { ...UNDECIDED, code: 'CNS-3004' },
  },
  {
    name: 'a static admission without digest',
    schema: Verdict,
    value: { outcome: 'admitted', ground: 'static', evidence: [], tookMs: 0 },
  },
  {
    name: 'a trust root with the longest name',
    schema: Verdict,
    value: { ...ADMITTED, evidence: [{ ...EVIDENCE, trustRoot: 'r'.repeat(253) }] },
  },
  { name: 'a request', schema: VerificationRequest, value: REQUEST },
  { name: 'a reply', schema: VerificationReply, value: REPLY },
  { name: 'a reply of another revision', schema: VerificationReply, value: CANNOT },
  { name: 'a decided image', schema: DecidedImage, value: IMAGE },
  { name: 'a decision', schema: DecisionRecord, value: RECORD },
])('$name comes back from its text as it was', ({ schema, value }) => {
  expect(schema.parse(JSON.parse(JSON.stringify(value)))).toEqual(value);
});

describe('hostile input', () => {
  test.for<{ name: string; schema: z.ZodType; value: unknown }>([
    { name: 'D1 an admission with a code', schema: Verdict, value: { ...ADMITTED, code: 'CNS-1003' } },
    { name: 'D1 a refusal with an undecided code', schema: Verdict, value: { ...REFUSED, code: 'CNS-2004' } },
    {
      name: 'D1 undecided with a refusal’s code',
      schema: Verdict,
      value: { ...UNDECIDED, code: 'CNS-1003' },
    },
    { name: 'D1 a refusal with a digest', schema: Verdict, value: { ...REFUSED, digest: DIGEST } },
    { name: 'an outcome that nobody knows', schema: Verdict, value: { ...ADMITTED, outcome: 'allowed' } },
    {
      name: 'D2 a ground that a verifier cannot have',
      schema: Verdict,
      value: { ...ADMITTED, ground: 'unchanged' },
    },
    {
      name: 'a digest in capital letters',
      schema: Verdict,
      value: { ...ADMITTED, digest: DIGEST.toUpperCase() },
    },
    { name: 'a digest with more behind it', schema: Verdict, value: { ...ADMITTED, digest: `${DIGEST}\n` } },
    { name: 'another algorithm', schema: Verdict, value: { ...ADMITTED, digest: `md5:${HASH}` } },
    { name: 'an end that is no number', schema: Verdict, value: { ...ADMITTED, notAfter: '9999999999999' } },
    { name: 'an end before time', schema: Verdict, value: { ...ADMITTED, notAfter: -1 } },
    { name: 'a key that nobody knows', schema: Verdict, value: { ...ADMITTED, admin: true } },
    {
      name: 'too much evidence',
      schema: Verdict,
      value: { ...ADMITTED, evidence: Array.from({ length: 65 }, () => EVIDENCE) },
    },
    {
      name: 'evidence with more in it',
      schema: Verdict,
      value: { ...ADMITTED, evidence: [{ ...EVIDENCE, html: '<b>' }] },
    },
    { name: 'a long message', schema: Verdict, value: { ...REFUSED, message: 'x'.repeat(513) } },
    { name: 'a short nonce', schema: VerificationRequest, value: { ...REQUEST, nonce: NONCE.slice(2) } },
    {
      name: 'a gateway that names another key',
      schema: VerificationRequest,
      value: { ...REQUEST, gateway: 'a:{b}' },
    },
    { name: 'no budget', schema: VerificationRequest, value: { ...REQUEST, budgetMs: 0 } },
    { name: 'a budget without end', schema: VerificationRequest, value: { ...REQUEST, budgetMs: 1e9 } },
    { name: 'a rule that is no hash', schema: VerificationRequest, value: { ...REQUEST, rule: '*' } },
    { name: 'a long image', schema: VerificationRequest, value: { ...REQUEST, image: 'x'.repeat(601) } },
    { name: 'a reply of both kinds', schema: VerificationReply, value: { ...CANNOT, verdict: ADMITTED } },
    { name: 'a reply without a verdict', schema: VerificationReply, value: { ...REPLY, verdict: undefined } },
    { name: 'a reason that nobody knows', schema: VerificationReply, value: { ...CANNOT, reason: 'tired' } },
    { name: 'a decision of another version', schema: DecisionRecord, value: { ...RECORD, v: 2 } },
    {
      name: 'a decision with a long name',
      schema: DecisionRecord,
      value: { ...RECORD, name: 'x'.repeat(257) },
    },
    {
      name: 'a decision with too many images',
      schema: DecisionRecord,
      value: { ...RECORD, images: Array.from({ length: 65 }, () => IMAGE) },
    },
    {
      name: 'an image with too many sites',
      schema: DecidedImage,
      value: { ...IMAGE, sites: Array.from({ length: 9 }, () => '/x') },
    },
    { name: 'a list for an object', schema: DecisionRecord, value: [RECORD] },
  ])('$name is refused', ({ schema, value }) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  test.for([
    { name: 'Verdict', schema: Verdict },
    { name: 'VerificationRequest', schema: VerificationRequest },
    { name: 'VerificationReply', schema: VerificationReply },
    { name: 'DecisionRecord', schema: DecisionRecord },
  ] as { name: string; schema: z.ZodType }[])(
    '$name: whatever comes, parsing does not throw',
    ({ schema }) => {
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          expect(schema.safeParse(value).success).toBe(false);
        }),
        { numRuns: 100 },
      );
    },
  );

  test('__proto__ as a key is a key like any other unknown one', () => {
    const text = JSON.stringify(RECORD).replace('{', '{"__proto__":{"allowed":true},');
    expect(DecisionRecord.safeParse(JSON.parse(text)).success).toBe(false);
  });
});

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { CODES, type Code, isRefusalCode } from '#validator';

import { admit, allBut, digestFor, type JudgeOptions, proven } from '../test/judge.js';
import { reviewOf } from '../test/review.js';
import { denyRequest, withhold } from './decide.js';
import { headline, MAX_HEADLINE, MAX_MESSAGE } from './denial-message.js';
import { effectiveMode } from './effective-mode.js';
import type { SiteJudgement } from './judgement.js';
import { type AdmissionReviewAnswer, renderAnswer } from './render-answer.js';
import { renderReviewError } from './render-review-error.js';
import { ReviewError } from './review-error.js';

const REVISION = '0123456789abcdef'.repeat(4);
const ASCII = /^[\x20-\x7e\n]*$/;

const spec = (...images: readonly unknown[]): { containers: unknown[] } => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});

function answerOf(
  images: readonly unknown[],
  options: JudgeOptions = {},
  kind: 'Pod' | 'Job' = 'Pod',
): AdmissionReviewAnswer['response'] {
  return renderAnswer(admit(reviewOf({ kind, spec: spec(...images) }), options), { revision: REVISION })
    .response;
}

function judgement(code: Code, retryAfterMs?: number): SiteJudgement {
  return isRefusalCode(code) ? { outcome: 'refused', code } : { outcome: 'undecided', code, retryAfterMs };
}

describe('status', () => {
  const all = Object.keys(CODES) as Code[];
  test.for(all.map((code) => ({ name: code, code })))('$name', ({ code }) => {
    const { allowed, status } = answerOf(['a'], { judge: () => judgement(code) });
    const family = { 1: [403, undefined], 2: [503, 'ServiceUnavailable'], 3: [500, 'InternalError'] }[
      code.charAt(4)
    ];
    expect([allowed, [status?.code, status?.reason]]).toEqual([false, family]);
    expect(status?.message.startsWith(`${code} a `) || code === 'CNS-2006').toBe(true);
  });

  test.for<{
    name: string;
    codes: readonly (readonly [Code, number?])[];
    code: number;
    retry: number | undefined;
  }>([
    { name: 'an unreachable registry: again soon', codes: [['CNS-2004']], code: 503, retry: 5 },
    { name: 'a rate limit says when', codes: [['CNS-2005', 17_400]], code: 503, retry: 18 },
    { name: 'never longer than a minute', codes: [['CNS-2005', 3_600_000]], code: 503, retry: 60 },
    { name: 'at least a second', codes: [['CNS-2006', 1]], code: 503, retry: 1 },
    { name: 'the longest of several', codes: [['CNS-2006'], ['CNS-2008']], code: 503, retry: 30 },
    {
      name: 'refused credentials do not pass by themselves',
      codes: [['CNS-2003']],
      code: 503,
      retry: undefined,
    },
    {
      name: 'nor does a refusal beside an undecided image',
      codes: [['CNS-1003'], ['CNS-2004']],
      code: 403,
      retry: undefined,
    },
    { name: 'no verifier', codes: [['CNS-3002']], code: 500, retry: 5 },
    { name: 'our configuration', codes: [['CNS-3001']], code: 500, retry: undefined },
  ])('$name', ({ codes, code, retry }) => {
    const images = codes.map((_, index) => `image-${index}`);
    const judge = allBut(
      Object.fromEntries(codes.map(([which, ms], index) => [`image-${index}`, judgement(which, ms)])),
    );
    const { status } = answerOf(images, { judge });
    expect([status?.code, status?.details?.retryAfterSeconds]).toEqual([code, retry]);
  });
});

describe('message', () => {
  const details = { found: '1 signature', expected: 'key SHA256:41aa', next: 'sign it with the release key' };
  const refused: SiteJudgement = {
    ...proven('a'),
    outcome: 'refused',
    code: 'CNS-1004',
    ...details,
  };

  test('every refused image with code, rule, found, expected, next', () => {
    const message = answerOf(['ghcr.io/acme/api:1', 'ok'], {
      judge: allBut({ 'ghcr.io/acme/api:1': refused }),
    }).status?.message;
    const [first, ...rest] = message?.split('\n') ?? [];
    expect(first).toContain('CNS-1004 ghcr.io/acme/api:1 ');
    expect(first).toContain('(1 of 2 images refused)');
    for (const text of [
      'container "c0"',
      'policy[3] ghcr.io/acme/*:*',
      'acme-cosign',
      ...Object.values(details),
    ]) {
      expect(rest.join('\n')).toContain(text);
    }
  });

  test('K52 an image that is not refused is not named', () => {
    expect(answerOf(['bad', 'innocent'], { judge: allBut({ bad: refused }) }).status?.message).not.toContain(
      'innocent',
    );
  });

  test('P15 a timeout says how many of how many', () => {
    const decision = admit(reviewOf({ spec: spec('a', 'b', 'c') }), {
      judge: allBut({ b: undefined, c: undefined }),
      timedOut: true,
    });
    const uid = decision.request.uid;
    expect(decision.kind === 'deny' && headline(decision)).toBe(
      `CNS-2006 validation of admission request ${uid} timed out after validating 1/3 images`,
    );
  });

  test.for([1, 2, 10, 64])('S23 %i refused images fit, and what does not is counted', (count) => {
    const images = Array.from(
      { length: count },
      (_, index) => `registry.example.org/some/long/path/image-${index}:1.0`,
    );
    const message = answerOf(images, { judge: () => refused }).status?.message ?? '';
    const named = images.filter((image) => message.includes(`"  ${image}`)).length;
    expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE);
    expect(named + Number(/and (\d+) more\n/.exec(message)?.[1] ?? 0)).toBe(count);
    expect(message.split('\n')[0]?.length).toBeLessThanOrEqual(MAX_HEADLINE);
  });

  test(
    'A11 any names and details give short printable ASCII, whose first line is complete',
    { tags: ['thorough'] },
    () => {
      // `unit: 'binary'` makes a map of all code points first, a second long.
      const codePoint = fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
      const text = fc.string({ unit: codePoint, maxLength: 700 });
      fc.assert(
        fc.property(
          text,
          text,
          text,
          fc.constantFrom<Code>('CNS-1010', 'CNS-1002', 'CNS-2004'),
          (image, name, found, code) => {
            const containers = [
              { name, image },
              { name: `${name}2`, image: null },
            ];
            const said = {
              ...judgement(code),
              found,
              expected: found,
              rule: { index: 1, pattern: found },
            } as SiteJudgement;
            const decision = admit(reviewOf({ spec: { containers } }), { judge: () => said, mode: 'detect' });
            const { status, warnings } = renderAnswer(decision, {
              revision: found,
              warnings: [found],
            }).response;
            expect(status?.message).toMatch(ASCII);
            expect(status?.message.length).toBeLessThanOrEqual(MAX_MESSAGE);
            expect(status?.message.split('\n')[0]?.length).toBeLessThanOrEqual(MAX_HEADLINE);
            expect(status?.message.split('\n')[0]).toMatch(/^CNS-\d{4} /);
            for (const warning of warnings ?? []) expect(warning).toMatch(/^[\x20-\x7e]{0,256}$/);
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  test('I6 a password in front of the host is not repeated', () => {
    const message = answerOf(['https://ada:hunter2@ghcr.io/a'], { judge: () => judgement('CNS-1010') }).status
      ?.message;
    expect(message).toContain('https://***@ghcr.io/a');
    expect(message).not.toContain('hunter2');
  });
});

describe('modes', () => {
  const judge = allBut({ bad: judgement('CNS-1003') });

  test('enforcing: denied, no warning', () => {
    expect(answerOf(['bad'], { judge })).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(answerOf(['bad'], { judge }).warnings).toBeUndefined();
  });

  test('P02 detection mode: allowed, says what would be denied, and writes nothing', () => {
    const { allowed, warnings, patch, auditAnnotations } = answerOf(['bad', 'good'], {
      judge,
      mode: 'detect',
    });
    expect([allowed, patch]).toEqual([true, undefined]);
    expect(warnings).toEqual(['[detection mode] CNS-1003 bad has no signature - would be DENIED']);
    expect(auditAnnotations).toMatchObject({ decision: 'refused', code: 'CNS-1003', mode: 'detect' });
  });

  test('detection mode, all proven: pinned as when enforcing', () => {
    const { allowed, warnings, patchType } = answerOf(['good'], { mode: 'detect' });
    expect([allowed, warnings, patchType]).toEqual([true, undefined, 'JSONPatch']);
  });

  test('detection mode also lets through what cannot be read, and says so', () => {
    const { allowed, warnings } = answerOf([], { mode: 'detect' });
    expect([allowed, warnings?.length]).toEqual([true, 1]);
  });

  test('pods-only validation: allowed, with a warning', () => {
    const { allowed, warnings } = answerOf(['bad'], { judge, mode: 'podsOnly' }, 'Job');
    expect([allowed, warnings]).toEqual([
      true,
      ['[pods-only validation] CNS-1003 bad has no signature - would be DENIED'],
    ]);
  });

  test('pods-only validation: the patch is removed, also where all is proven', () => {
    const { allowed, warnings, patch } = answerOf(['good'], { mode: 'podsOnly' }, 'Job');
    expect([allowed, warnings, patch]).toEqual([true, undefined, undefined]);
  });

  test('few warnings, aimed at 120 characters, however many are refused', () => {
    const images = Array.from(
      { length: 60 },
      (_, index) => `registry.example.org/${'deep/'.repeat(20)}image-${index}`,
    );
    const { warnings = [] } = answerOf(images, { judge: () => judgement('CNS-1003'), mode: 'detect' });
    expect(warnings).toHaveLength(5);
    expect(warnings.at(-1)).toBe('[detection mode] and 56 more');
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThanOrEqual(120);
  });

  test('an unknown mode overrides nothing', () => {
    const decision = admit(reviewOf({ spec: spec('bad') }), { judge, mode: 'off' as 'detect' });
    expect(renderAnswer(decision, { revision: '' }).response.allowed).toBe(false);
  });

  const pods = admit(reviewOf({ spec: spec('a') })).request;
  const jobs = admit(reviewOf({ kind: 'Job', spec: spec('a') })).request;
  test.for([
    {
      name: 'nothing set',
      request: pods,
      detectionMode: false,
      resourceValidationMode: 'all',
      expected: 'enforce',
    },
    {
      name: 'detection mode',
      request: pods,
      detectionMode: true,
      resourceValidationMode: 'all',
      expected: 'detect',
    },
    {
      name: 'pods only, a Pod',
      request: pods,
      detectionMode: false,
      resourceValidationMode: 'podsOnly',
      expected: 'enforce',
    },
    {
      name: 'pods only and detection mode, a Pod',
      request: pods,
      detectionMode: true,
      resourceValidationMode: 'podsOnly',
      expected: 'detect',
    },
    {
      name: 'pods only, a Job',
      request: jobs,
      detectionMode: false,
      resourceValidationMode: 'podsOnly',
      expected: 'podsOnly',
    },
    {
      name: 'pods only wins over detection mode for a Job',
      request: jobs,
      detectionMode: true,
      resourceValidationMode: 'podsOnly',
      expected: 'podsOnly',
    },
  ] as const)('$name', ({ request, expected, ...features }) => {
    expect(effectiveMode(request, features)).toBe(expected);
  });
});

describe('the rest of the answer', () => {
  test('K46 version and uid are echoed; an admission has no status', () => {
    const review = { ...reviewOf({ spec: spec('a') }), apiVersion: 'admission.k8s.io/v1beta1' };
    const answer = renderAnswer(admit(review), { revision: REVISION });
    expect(answer).toMatchObject({ apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' });
    expect(answer.response).toMatchObject({ uid: '705ab4f5-6393-11e8-b7cc-42010a800002', allowed: true });
    expect(answer.response.status).toBeUndefined();
  });

  test('A19 the audit annotations are short and name no person', () => {
    const { auditAnnotations } = answerOf(['nginx', 'redis']);
    expect(auditAnnotations).toEqual({
      decision: 'admitted',
      rules: 'policy[3]',
      digests: `${digestFor('docker.io/library/nginx:latest')},${digestFor('docker.io/library/redis:latest')}`,
      mode: 'enforce',
      'config-hash': '0123456789ab',
      'decision-id': '705ab4f5-6393-11e8-b7cc-42010a800002',
    });
    const many = answerOf(Array.from({ length: 60 }, (_, index) => `image-${index}`)).auditAnnotations;
    expect(Math.max(...Object.values(many ?? {}).map(({ length }) => length))).toBeLessThan(640);
    expect(JSON.stringify(auditAnnotations)).not.toContain('ada');
  });

  test('warnings of the gateway are added, cut at 256 characters', () => {
    const decision = admit(reviewOf({ spec: spec('a') }));
    const { warnings } = renderAnswer(decision, {
      revision: '',
      warnings: ['key expires in 3 days', 'x'.repeat(300)],
    }).response;
    expect(warnings?.map(({ length }) => length)).toEqual([21, 256]);
  });

  test('a withheld admission is denied without a patch', () => {
    const decision = withhold(admit(reviewOf({ spec: spec('a') })), 'CNS-3003', 'enforce');
    const { allowed, patch, status } = renderAnswer(decision, { revision: '' }).response;
    expect([allowed, patch, status?.code]).toEqual([false, undefined, 500]);
  });

  test('a fault before the decision is denied', () => {
    const { request } = admit(reviewOf({ spec: spec('a') }));
    const { allowed, status } = renderAnswer(denyRequest(request, 'CNS-3004', 'enforce'), {
      revision: '',
    }).response;
    expect([allowed, status?.code]).toEqual([false, 500]);
  });
});

describe('what is no review', () => {
  test.for([
    {
      name: 'K45 without envelope: an HTTP error',
      error: new ReviewError('version', 'expected v1'),
      expected: { status: 400, text: 'expected v1' },
    },
    {
      name: 'S02 too large',
      error: new ReviewError('too-large', 'too large'),
      expected: { status: 413, text: 'too large' },
    },
    {
      name: 'K48 with envelope: a denial that a failurePolicy cannot ignore',
      error: new ReviewError('mismatch', 'expected\nx', {
        envelope: { apiVersion: 'admission.k8s.io/v1', uid: 'u' },
      }),
      expected: {
        status: 200,
        answer: {
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: 'u', allowed: false, status: { code: 400, message: 'expected?x' } },
        },
      },
    },
  ])('$name', ({ error, expected }) => {
    expect(renderReviewError(error)).toEqual(expected);
  });
});

import { expect, test } from 'vitest';

import { admit, digestFor, type Judge, type JudgeOptions, proven } from '../test/judge.js';
import { reviewOf } from '../test/review.js';
import { withhold } from './decide.js';
import type { SiteJudgement } from './judgement.js';
import { isLetIn, renderAnswer } from './render-answer.js';

const rule = { index: 0, pattern: 'a' };
const trial = { ...rule, insecureDetectOnly: true as const };
const refused: SiteJudgement = { outcome: 'refused', code: 'CNS-1003', rule };
const wouldRefuse: SiteJudgement = { outcome: 'refused', code: 'CNS-1003', rule: trial };
const undecided: SiteJudgement = { outcome: 'undecided', code: 'CNS-2004', rule: trial };
const noRule: SiteJudgement = { outcome: 'refused', code: 'CNS-1001' };
const spec = (...images: readonly string[]): unknown => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});

const judge =
  (trialSays: SiteJudgement, otherSays?: SiteJudgement): Judge =>
  (image) =>
    image === 'trial' ? trialSays : (otherSays ?? proven(image));

test.for<{ name: string; options: JudgeOptions; mode: string; allowed: boolean }>([
  { name: 'a refusal by such a rule', options: { judge: judge(wouldRefuse) }, mode: 'detect', allowed: true },
  {
    name: 'what could not be looked at',
    options: { judge: judge(undecided) },
    mode: 'detect',
    allowed: true,
  },
  {
    name: 'a refusal by another rule beside it',
    options: { judge: judge(wouldRefuse, refused) },
    mode: 'enforce',
    allowed: false,
  },
  {
    name: 'an image that no rule governs beside it',
    options: { judge: judge(wouldRefuse, noRule) },
    mode: 'enforce',
    allowed: false,
  },
  {
    name: 'a refusal by an ordinary rule',
    options: { judge: judge(refused) },
    mode: 'enforce',
    allowed: false,
  },
  {
    name: 'P15 what was not judged in time',
    options: { judge: () => undefined, timedOut: true },
    mode: 'enforce',
    allowed: false,
  },
])('$name', ({ options, mode, allowed }) => {
  const decision = admit(reviewOf({ spec: spec('trial', 'ghcr.io/acme/api:1') }), options);
  expect(decision).toMatchObject({ kind: 'deny', mode });
  expect(isLetIn(decision)).toBe(allowed);
});

test('P02 it is let in with a warning, and what other rules govern is pinned', () => {
  const decision = admit(reviewOf({ spec: spec('trial', 'ghcr.io/acme/api:1') }), {
    judge: judge(wouldRefuse),
  });
  const { response } = renderAnswer(decision, { revision: 'r'.repeat(64) });
  expect(response.warnings?.[0]).toMatch(/^\[detection mode\] CNS-1003 .* would be DENIED$/);
  const patch = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as { value: string }[];
  expect(patch.at(-1)?.value).toBe(`ghcr.io/acme/api:1@${digestFor('ghcr.io/acme/api:1')}`);
});

test('K36 what should have been pinned and is not is refused, whatever else is let in', () => {
  const decision = admit(reviewOf({ spec: spec('trial', 'ghcr.io/acme/api:1') }), {
    judge: judge(wouldRefuse),
    phase: 'validate',
  });
  expect(isLetIn(decision)).toBe(false);
});

test.for(['detect', 'podsOnly'] as const)('global %s writes nothing into what is let in', (mode) => {
  const decision = admit(reviewOf({ spec: spec('trial', 'ghcr.io/acme/api:1') }), {
    judge: judge(wouldRefuse),
    mode,
  });
  expect(renderAnswer(decision, { revision: 'r' }).response).not.toHaveProperty('patch');
});

test('a mandatory alert that was not delivered is not overridden by a rule', () => {
  const allowed = admit(reviewOf({ spec: spec('ghcr.io/acme/api:1') }), {
    judge: (image) => ({ ...proven(image), rule: trial }),
  });
  expect(isLetIn(allowed)).toBe(true);
  expect(isLetIn(withhold(allowed, 'CNS-3003', 'enforce'))).toBe(false);
});

test.for([
  { name: 'what a rule would refuse', judge: judge(wouldRefuse), mode: 'enforce', isHeldBack: true },
  {
    name: 'the same where everything is let in',
    judge: judge(wouldRefuse),
    mode: 'detect',
    isHeldBack: false,
  },
  {
    name: 'what another rule refuses',
    judge: judge(wouldRefuse, refused),
    mode: 'enforce',
    isHeldBack: false,
  },
] as const)('a mandatory alert that was not delivered: $name', ({ judge: says, mode, isHeldBack }) => {
  const options = { judge: says, mode };
  const decision = admit(reviewOf({ spec: spec('trial', 'ghcr.io/acme/api:1') }), options);
  const withheld = withhold(decision, 'CNS-3003', mode);
  expect(withheld.problems[0].code).toBe(isHeldBack ? 'CNS-3003' : 'CNS-1003');
  expect(isLetIn(withheld)).toBe(mode === 'detect');
});

// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { type Digest, parseImageReference } from '#image-ref';

import { admit, allBut, digestFor, judged, type JudgeOptions, proven } from '../test/judge.js';
import { bytesOf, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { decide, type Decision, denyRequest, isAdmission, withhold } from './decide.js';
import { findImageSites } from './find-image-sites.js';
import { ChildGround, type Ground } from './ground.js';
import type { FoundSites, ImageSite, ImageSites, NoSites, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';
import { renderAnswer } from './render-answer.js';

const PINNED = `nginx@${digestFor('pinned')}`;
const ENFORCE = { phase: 'mutate', mode: 'enforce' } as const;

const spec = (...images: readonly unknown[]): { containers: unknown[] } => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});

function sitesOf(parts: ReviewParts): ImageSites {
  return findImageSites(parseAdmissionReview(bytesOf(reviewOf(parts))));
}

/** `allow`, or the result and the codes. */
function told(decision: Decision): string {
  return decision.kind === 'allow'
    ? 'allow'
    : [decision.result, ...decision.problems.map(({ code }) => code)].join(' ');
}

const admitted = (ground: Ground): SiteJudgement => ({ outcome: 'admitted', ground });
const refused: SiteJudgement = { outcome: 'refused', code: 'CNS-1003' };
const undecided: SiteJudgement = { outcome: 'undecided', code: 'CNS-2004' };
const late: SiteJudgement = { outcome: 'undecided', code: 'CNS-2006' };

test('child holds for the site that it was found for and for its digest', () => {
  const sites = sitesOf({ spec: spec(PINNED, PINNED) }) as FoundSites;
  const [first, second] = sites.sites as [ImageSite, ImageSite];
  const of = (digest: Digest): ChildGround => new ChildGround(first, digest, Infinity);
  const decided = (grounds: readonly Ground[]): string =>
    told(
      decide(
        sites,
        new Map([first, second].map(({ id }, at) => [id, admitted(grounds[at] as Ground)])),
        ENFORCE,
      ),
    );
  const other = new ChildGround(second, digestFor('pinned'), Infinity);
  expect(decided([of(digestFor('pinned')), other])).toBe('allow');
  expect(decided([of(digestFor('pinned')), of(digestFor('pinned'))])).toBe('undecided CNS-3004');
  expect(decided([of(digestFor('x')), other])).toBe('undecided CNS-3004');
});

describe('outcomes', () => {
  test.for<{ name: string; images: readonly unknown[]; options: JudgeOptions; expected: string }>([
    { name: 'all proven', images: ['a', 'b'], options: {}, expected: 'allow' },
    {
      name: 'K52 one of three refused',
      images: ['a', 'b', 'c'],
      options: { judge: allBut({ b: refused }) },
      expected: 'refused CNS-1003',
    },
    {
      name: 'two refused, both are named',
      images: ['a', 'b'],
      options: { judge: allBut({ a: refused, b: { outcome: 'refused', code: 'CNS-1004' } }) },
      expected: 'refused CNS-1003 CNS-1004',
    },
    {
      name: 'one undecided',
      images: ['a', 'b'],
      options: { judge: allBut({ b: undecided }) },
      expected: 'undecided CNS-2004',
    },
    {
      name: 'a refusal comes before what is undecided',
      images: ['a', 'b'],
      options: { judge: allBut({ a: undecided, b: refused }) },
      expected: 'refused CNS-1003 CNS-2004',
    },
    {
      name: 'P15 time ran out with one of two judged',
      images: ['a', 'b'],
      options: { judge: allBut({ b: undefined }), timedOut: true },
      expected: 'timeout CNS-2006',
    },
    {
      name: 'P15 a verdict that came too late',
      images: ['a', 'b'],
      options: { judge: allBut({ b: late }) },
      expected: 'timeout CNS-2006',
    },
    {
      name: 'time ran out, but one image is refused',
      images: ['a', 'b'],
      options: { judge: allBut({ a: refused, b: undefined }), timedOut: true },
      expected: 'refused CNS-1003 CNS-2006',
    },
    {
      name: 'I1 a site without judgement is our fault',
      images: ['a', 'b'],
      options: { judge: allBut({ b: undefined }) },
      expected: 'undecided CNS-3004',
    },
    {
      name: 'one image in three containers is one problem',
      images: ['a', 'a', 'a'],
      options: { judge: allBut({ a: refused }) },
      expected: 'refused CNS-1003',
    },
    {
      name: 'K41 a faulty site beside a proven one',
      images: ['a', null],
      options: {},
      expected: 'refused CNS-1010',
    },
    {
      name: 'nothing but faulty sites',
      images: [null, 7],
      options: {},
      expected: 'refused CNS-1010 CNS-1010',
    },
    { name: 'no sites at all', images: [], options: {}, expected: 'invalid CNS-1010' },
  ])('$name', ({ images, options, expected }) => {
    expect(told(admit(reviewOf({ spec: spec(...images) }), options))).toBe(expected);
  });

  test('an unknown kind is our configuration’s fault and denies', () => {
    const kind = { group: 'x.io', version: 'v1', kind: 'Rollout' };
    const request = { kind, resource: { group: 'x.io', version: 'v1', resource: 'rollouts' }, object: {} };
    expect(told(admit(reviewOf({ request })))).toBe('invalid CNS-3001');
  });

  test.for<{ name: string; parts: ReviewParts }>([
    { name: 'K47 delete', parts: { operation: 'DELETE', oldSpec: spec('a') } },
    {
      name: 'K18 scale',
      parts: {
        request: {
          kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
          subResource: 'scale',
          object: {},
        },
      },
    },
  ])('$name needs no judgement, and has none', ({ parts }) => {
    expect(told(admit(reviewOf(parts)))).toBe('allow');
    expect(told(decide(sitesOf(parts), new Map([['/x' as SiteId, proven('a')]]), ENFORCE))).toBe(
      'undecided CNS-3004',
    );
  });
});

describe('grounds hold for one site and one digest', () => {
  const reference = parseImageReference('nginx:1');
  const verified = (
    image: string,
    digest = digestFor('x'),
    mode: 'mutate' | 'insecureValidateOnly' = 'mutate',
  ): Ground => ({
    kind: 'verified',
    reference: parseImageReference(image),
    digest,
    mode,
  });
  test.for<{ name: string; image: string; ground: Ground; expected: string }>([
    {
      name: 'verified for this text',
      image: 'nginx:1',
      ground: { kind: 'verified', reference, digest: digestFor('x'), mode: 'mutate' },
      expected: 'allow',
    },
    {
      name: 'I4 verified for another text',
      image: 'nginx:2',
      ground: verified('nginx:1'),
      expected: 'undecided CNS-3004',
    },
    {
      name: 'I4 verified for another spelling',
      image: 'docker.io/library/nginx:1',
      ground: verified('nginx:1'),
      expected: 'undecided CNS-3004',
    },
    {
      name: 'verified for the digest that is asked for',
      image: PINNED,
      ground: verified(PINNED, digestFor('pinned')),
      expected: 'allow',
    },
    {
      name: 'P07 verified for another digest',
      image: PINNED,
      ground: verified(PINNED),
      expected: 'refused CNS-1005',
    },
    {
      name: 'P07 another digest in validate-only mode',
      image: PINNED,
      ground: verified(PINNED, digestFor('x'), 'insecureValidateOnly'),
      expected: 'refused CNS-1005',
    },
    { name: 'static', image: 'nginx:1', ground: { kind: 'static' }, expected: 'allow' },
    {
      name: 'a look-alike of child',
      image: PINNED,
      ground: { kind: 'child', digest: digestFor('pinned'), until: Infinity } as unknown as Ground,
      expected: 'undecided CNS-3004',
    },
    {
      name: 'a ground that nobody has heard of',
      image: 'nginx:1',
      ground: { kind: 'trusted' } as unknown as Ground,
      expected: 'undecided CNS-3004',
    },
    {
      name: 'a look-alike of unchanged',
      image: PINNED,
      ground: { kind: 'unchanged' } as Ground,
      expected: 'undecided CNS-3004',
    },
  ])('$name', ({ image, ground, expected }) => {
    expect(told(admit(reviewOf({ spec: spec(image) }), { judge: () => admitted(ground) }))).toBe(expected);
  });

  test('unchanged holds for the site that it was found for, and for no other', () => {
    const sites = sitesOf({ operation: 'UPDATE', spec: spec('a', 'evil'), oldSpec: spec('a', 'b') });
    const judgements = judged(sites, { judge: () => undefined });
    const [ground] = judgements.values();
    expect(ground).toMatchObject({ outcome: 'admitted', ground: { kind: 'unchanged' } });
    const moved = new Map([...judgements, ['/spec/containers/1/image' as SiteId, ground as SiteJudgement]]);
    expect(told(decide(sites, moved, ENFORCE))).toBe('undecided CNS-3004');
  });

  test('K33 unchanged in one request says nothing about the next', () => {
    const first = sitesOf({ operation: 'UPDATE', spec: spec('a'), oldSpec: spec('a') });
    const second = sitesOf({ operation: 'UPDATE', spec: spec('evil'), oldSpec: spec('a') });
    expect(told(decide(first, judged(first), ENFORCE))).toBe('allow');
    expect(told(decide(second, judged(first), ENFORCE))).toBe('undecided CNS-3004');
  });
});

describe('I1 set equality', () => {
  const sites = sitesOf({ spec: spec('a', 'b') });
  const exact = judged(sites);
  const without = new Map([...exact].slice(1));
  const more = new Map([...exact, ['/spec/containers/2/image' as SiteId, proven('c')]]);
  const other = new Map([...without, ['/spec/containers/2/image' as SiteId, proven('a')]]);

  test.for([
    { name: 'the same set', judgements: exact, expected: 'allow' },
    { name: 'one less', judgements: without, expected: 'undecided CNS-3004' },
    { name: 'none', judgements: new Map<SiteId, SiteJudgement>(), expected: 'undecided CNS-3004 CNS-3004' },
    { name: 'one more', judgements: more, expected: 'undecided CNS-3004' },
    { name: 'as many, but others', judgements: other, expected: 'undecided CNS-3004' },
  ])('$name', ({ judgements, expected }) => {
    expect(told(decide(sites, judgements, ENFORCE))).toBe(expected);
  });
});

describe('what must not construct', () => {
  const found = sitesOf({ spec: spec('a') }) as FoundSites;
  const { request } = found;

  test.for<{ name: string; sites: unknown }>([
    { name: 'no sites, made by hand', sites: { kind: 'none', request, reason: 'delete' } },
    {
      name: 'found sites with an empty list, made by hand',
      sites: { kind: 'found', request, isPod: true, sites: [], images: [] },
    },
    { name: 'found sites, copied', sites: copyOf(found) },
  ])('$name is denied', ({ sites }) => {
    expect(told(decide(sites as NoSites, judged(found), ENFORCE))).toBe('undecided CNS-3004');
    expect(decide(sites as NoSites, new Map(), ENFORCE).kind).toBe('deny');
  });

  test('J01 found sites with an empty list are denied, whoever made them', () => {
    const Found = found.constructor as new (parts: unknown) => FoundSites;
    const empty = new Found({ request, isPod: true, sites: [], images: [] });
    expect(told(decide(empty, new Map(), ENFORCE))).toBe('undecided CNS-3004');
  });

  test('a copied admission is answered with a denial', () => {
    const decision = admit(reviewOf({ spec: spec('a') }));
    const copy = copyOf(decision);
    expect([isAdmission(decision), isAdmission(copy)]).toEqual([true, false]);
    expect(renderAnswer(decision, { revision: '' }).response.allowed).toBe(true);
    expect(renderAnswer(copy, { revision: '' }).response.allowed).toBe(false);
    expect(
      renderAnswer(Object.assign(copy, { mode: 'detect' as const }), { revision: '' }).response.allowed,
    ).toBe(false);
  });

  test('the source writes an allowing answer in one place, and makes an admission in one file', () => {
    const source = globSync('src/*.ts', { cwd: new URL('..', import.meta.url).pathname })
      .filter((file) => !file.endsWith('.spec.ts'))
      .map((file) => ({ file, text: readFileSync(new URL(`../${file}`, import.meta.url), 'utf8') }));
    const filesWith = (pattern: RegExp): string[] =>
      source.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    expect(filesWith(/new Allowed\(/)).toEqual(['src/decide.ts']);
    expect(filesWith(/\{[^}]*\ballowed: (?!false|boolean)|^\s+allowed,$/m)).toEqual(['src/render-answer.ts']);
  });
});

describe('K36 an undone pin', () => {
  const tag = reviewOf({ spec: spec('nginx:1') });
  const pinnedReview = reviewOf({ spec: spec(PINNED) });
  const validateOnly: JudgeOptions = { judge: (image) => proven(image, 'insecureValidateOnly') };
  const podsOnly = reviewOf({ kind: 'Deployment', spec: spec('nginx:1') });
  test.for<{ name: string; review: Record<string, unknown>; options: JudgeOptions; expected: string }>([
    { name: 'a tag in /validate', review: tag, options: {}, expected: 'refused CNS-1005' },
    { name: 'the digest in /validate', review: pinnedReview, options: {}, expected: 'allow' },
    { name: 'a tag in /mutate', review: tag, options: { phase: 'mutate' }, expected: 'allow' },
    { name: 'insecureValidateOnly is exempt', review: tag, options: validateOnly, expected: 'allow' },
    {
      name: 'static is exempt',
      review: tag,
      options: { judge: () => admitted({ kind: 'static' }) },
      expected: 'allow',
    },
    {
      name: 'unchanged is exempt',
      review: reviewOf({ operation: 'UPDATE', spec: spec('a'), oldSpec: spec('a') }),
      options: {},
      expected: 'allow',
    },
    {
      name: 'pods-only validation, where we do not write, is exempt',
      review: podsOnly,
      options: { mode: 'podsOnly' },
      expected: 'allow',
    },
    {
      name: 'detection mode tells it where nothing else is wrong',
      review: tag,
      options: { mode: 'detect' },
      expected: 'refused CNS-1005',
    },
    {
      name: 'detection mode, with another problem, has not pinned',
      review: reviewOf({ spec: spec('nginx:1', 'bad') }),
      options: { mode: 'detect', judge: allBut({ bad: refused }) },
      expected: 'refused CNS-1003',
    },
    {
      name: 'enforcing, both are told',
      review: reviewOf({ spec: spec('nginx:1', 'bad') }),
      options: { judge: allBut({ bad: refused }) },
      expected: 'refused CNS-1005 CNS-1003',
    },
  ])('$name', ({ review, options, expected }) => {
    expect(told(admit(review, { phase: 'validate', ...options }))).toBe(expected);
  });
});

describe('taking back', () => {
  const allow = admit(reviewOf({ spec: spec('a') }));

  test('P16 an admission is withheld for a mandatory alert', () => {
    expect(told(withhold(allow, 'CNS-3003', 'enforce'))).toBe('undecided CNS-3003');
  });

  test('P16 a denial stays the denial that it is', () => {
    const deny = admit(reviewOf({ spec: spec('a') }), { judge: () => refused });
    expect(withhold(deny, 'CNS-3003', 'enforce')).toBe(deny);
  });

  test('a request that did not get as far as a decision is denied', () => {
    expect(told(denyRequest(allow.request, 'CNS-2006', 'enforce'))).toBe('undecided CNS-2006');
  });
});

/** All the fields, without what makes it the thing itself. */
function copyOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value)) as T;
}

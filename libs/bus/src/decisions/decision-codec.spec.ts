// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { DecidedImage, DecisionRecord } from '#contracts';
import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { decodeDecision, encodeDecision, isDenial, MAX_EVIDENCE } from './decision-codec.js';

const CONTEXT = {
  cluster: '0f8b3c1e-cluster',
  gateway: 'connaisseur-gateway-7d9f',
  revision: 'a1b2c3d4e5f6',
};

/** Through JSON, as it goes through Redis. */
function roundTrip(record: DecisionRecord): DecisionRecord {
  const { record: wire, evidence } = encodeDecision(record, CONTEXT);
  expect(wire).not.toContain('\n');
  return decodeDecision(JSON.parse(wire), CONTEXT, evidence === undefined ? undefined : JSON.parse(evidence));
}

/** Any code point: `unit: 'binary'` makes a map of all of them first, a second long. */
const codePoint = fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ unit: codePoint, maxLength }), fc.string({ maxLength }));
const digest = fc.oneof(
  fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
  fc.constantFrom('', 'sha256:', 'sha256:=x', '=', '=sha256:1', 'sha512:aa', '@', 'a@b'),
  text(80),
);
const optional = <T>(key: string, value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.option(value, { nil: undefined }).map((chosen) => (chosen === undefined ? {} : { [key]: chosen }));
const site = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '=',
    'c',
    'c0/image',
    '/spec/containers/0/image',
    '/spec/template/spec/initContainers/1/image',
  ),
  text(60),
);
const jsonValue = fc
  .jsonValue({ stringUnit: codePoint })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const image = fc
  .tuple(
    fc.record({
      image: fc.oneof(
        text(80),
        digest.map((value) => `ghcr.io/acme/api@${value}`),
      ),
      sites: fc.array(site, { maxLength: 8 }),
      outcome: fc.constantFrom('admitted', 'refused', 'undecided'),
    }),
    optional('ground', fc.constantFrom('verified', 'static', 'child', 'unchanged')),
    optional('digest', digest),
    optional('code', text(8)),
    optional('message', text(300)),
    optional(
      'rule',
      fc.record({ index: fc.integer({ min: -2, max: 9 }), pattern: text(12) }, { noNullPrototype: true }),
    ),
    optional('validator', fc.record({ name: text(8), type: text(8) }, { noNullPrototype: true })),
    optional('cached', fc.boolean()),
    optional('evidence', fc.array(jsonValue, { maxLength: 3 })),
  )
  .map((parts) => Object.assign({}, ...parts) as DecidedImage)
  // A reference may end in its own digest.
  .chain((one) =>
    fc.constantFrom(one, one.digest === undefined ? one : { ...one, image: `x@${one.digest}` }),
  );

const images = fc.array(image, { maxLength: 4 }).chain((list) =>
  // Images of one pod mostly meet the same rule.
  fc.constantFrom(
    list,
    list.map((one) => ({ ...one, ...originOf(list[0]) })),
  ),
);
function originOf(one: DecidedImage | undefined): Pick<DecidedImage, 'rule' | 'validator'> {
  return {
    ...(one?.rule === undefined ? {} : { rule: one.rule }),
    ...(one?.validator === undefined ? {} : { validator: one.validator }),
  };
}

const record = fc
  .tuple(
    fc.record({
      v: fc.constant(1),
      uid: text(128),
      time: fc.maxSafeInteger(),
      cluster: fc.constant(CONTEXT.cluster),
      gateway: fc.constant(CONTEXT.gateway),
      phase: fc.constantFrom('mutate', 'validate'),
      allowed: fc.boolean(),
      wouldDeny: fc.boolean(),
      result: fc.constantFrom('admitted', 'refused', 'undecided', 'timeout', 'invalid'),
      mode: fc.constantFrom('enforce', 'detect', 'podsOnly'),
      dryRun: fc.boolean(),
      operation: fc.oneof(fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT'), text(16)),
      kind: text(64),
      namespace: text(256),
      name: text(256),
      imageCount: fc.integer({ min: 0, max: 100_000 }),
      tookMs: fc.double({ min: 0, max: 60_000, noNaN: true }).map((ms) => ms + 0),
      revision: fc.oneof(fc.constant(CONTEXT.revision), text(64)),
    }),
    optional('user', text(256)),
    optional('code', text(8)),
    optional('message', text(300)),
    optional('objectUid', text(128)),
    optional(
      'owner',
      fc.record({ kind: text(64), name: text(64), uid: text(128) }, { noNullPrototype: true }),
    ),
    images.map((list) => ({ images: list })),
  )
  .map((parts) => Object.assign({}, ...parts) as DecisionRecord);

describe('the short form of a decision', () => {
  test('is exact for every record', { tags: ['thorough'] }, () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(roundTrip(one)).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  test.for([
    {
      name: 'a tag, seen by /mutate',
      record: anAdmission({ user: 'system:serviceaccount:kube-system:replicaset-controller' }),
    },
    {
      name: 'a digest, seen by /validate',
      record: anAdmission({
        phase: 'validate',
        images: [aDecidedImage({ image: `ghcr.io/acme/api:1.4.2@sha256:${'1f'.repeat(32)}` })],
      }),
    },
    {
      name: 'a pod of a ReplicaSet, seen by /validate',
      record: anAdmission({
        phase: 'validate',
        user: 'system:serviceaccount:kube-system:replicaset-controller',
        owner: { kind: 'ReplicaSet', name: 'api-7d9f8c6b5d', uid: '6b1f1c9e-44a3-4a3c-9f0e-3a1c0f4b1a77' },
        images: [aDecidedImage({ image: `ghcr.io/acme/api:1.4.2@sha256:${'1f'.repeat(32)}` })],
      }),
    },
    { name: 'a denial', record: aDenial() },
  ])('takes at most 400 bytes for one image: $name', ({ record: one }) => {
    expect(Buffer.byteLength(encodeDecision(one, CONTEXT).record)).toBeLessThanOrEqual(400);
    expect(roundTrip(one)).toEqual(one);
  });

  test('keeps evidence beside the record', () => {
    const one = anAdmission({
      images: [aDecidedImage({ evidence: [{ step: 'rule' }] }), aDecidedImage()],
      imageCount: 2,
    });
    const { record: wire, evidence } = encodeDecision(one, CONTEXT);
    expect(wire).not.toContain('step');
    expect(JSON.parse(evidence ?? '')).toEqual([[0, [{ step: 'rule' }]]]);
  });

  test('leaves out evidence that is too long, and nothing else', () => {
    const long = aDecidedImage({ evidence: ['x'.repeat(MAX_EVIDENCE)] });
    const { evidence: _, ...rest } = long;
    expect(roundTrip(anAdmission({ images: [long] }))).toEqual(anAdmission({ images: [rest] }));
  });

  test('leaves out what only a newer writer knows', () => {
    const wire = JSON.parse(encodeDecision(aDenial(), CONTEXT).record) as unknown[];
    const newer = [...wire.slice(0, 11), { ...(wire[11] as object), mood: 'sunny' }, 'more'];
    expect(decodeDecision(newer, CONTEXT)).toEqual(aDenial());
  });

  test.for([
    { name: 'another gateway', fields: { gateway: 'somebody-else' } },
    { name: 'another cluster', fields: { cluster: 'elsewhere' } },
  ])('is refused to a record of $name', ({ fields }) => {
    expect(() => encodeDecision(anAdmission(fields), CONTEXT)).toThrow(TypeError);
  });

  test('anything else is no decision', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { minLength: 9, maxLength: 13 })),
        (wire) => {
          expect(() => decodeDecision(wire, CONTEXT)).toThrow(Error);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test.for([
  { name: 'an admission', fields: { allowed: true, wouldDeny: false }, denial: false },
  { name: 'a denial', fields: { allowed: false, wouldDeny: true }, denial: true },
  {
    name: 'a denial that detection mode let through',
    fields: { allowed: true, wouldDeny: true },
    denial: true,
  },
  { name: 'a refused review', fields: { allowed: false, wouldDeny: false }, denial: true },
])('$name: denial is $denial', ({ fields, denial }) => {
  expect(isDenial(anAdmission(fields))).toBe(denial);
  expect(encodeDecision(anAdmission(fields), CONTEXT).denial).toBe(denial);
});

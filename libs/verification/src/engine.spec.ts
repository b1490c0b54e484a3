import { describe, expect, test } from 'vitest';

import { parseDigest, parseImageReference } from '#image-ref';
import { Verdict } from '#contracts';
import { RefusedError, UndecidedError, type Validator, ValidatorSetupError } from '#validator';

import { configurationOf, FakeValidator, UnableValidator } from '../test/fake-validator.js';
import { type BoundRule, VerificationEngine } from './engine.js';

const ONE = parseDigest(`sha256:${'1'.repeat(64)}`);
const TWO = parseDigest(`sha256:${'2'.repeat(64)}`);
const TAGGED = parseImageReference('ghcr.io/acme/api:1');
const PINNED = parseImageReference(`ghcr.io/acme/api:1@${ONE}`);
const SOON = new AbortController().signal;

interface Setup {
  validator?: Validator | ValidatorSetupError;
  scopes?: string[];
}

function engineOf({ validator, scopes = [] }: Setup = {}) {
  const faults: unknown[] = [];
  const validators = new Map(validator === undefined ? [] : [['team', validator]]);
  const engine = new VerificationEngine(
    configurationOf(),
    { validators, credentialScopes: scopes },
    { clock: () => new Date(0), onFault: (error) => faults.push(error) },
  );
  return { engine, faults };
}

function governed(engine: VerificationEngine, image = TAGGED): BoundRule {
  const bound = engine.govern(image);
  if (bound === undefined) throw new Error('no rule');
  return bound;
}

describe('verify', () => {
  test.for([
    {
      name: 'a proof is an admission',
      image: TAGGED,
      answer: { digest: ONE },
      outcome: 'admitted',
      code: undefined,
    },
    {
      name: 'a proof for the digest that was asked for',
      image: PINNED,
      answer: { digest: ONE },
      outcome: 'admitted',
    },
    {
      name: 'I4: a proof for another digest',
      image: PINNED,
      answer: { digest: TWO },
      outcome: 'undecided',
      code: 'CNS-3004',
    },
    {
      name: 'I4: a proof without a digest',
      image: TAGGED,
      answer: { digest: undefined },
      outcome: 'undecided',
      code: 'CNS-3004',
    },
    {
      name: 'a refusal',
      image: TAGGED,
      answer: new RefusedError('CNS-1003', 'none'),
      outcome: 'refused',
      code: 'CNS-1003',
    },
    {
      name: 'no look',
      image: TAGGED,
      answer: new UndecidedError('CNS-2004', 'down'),
      outcome: 'undecided',
      code: 'CNS-2004',
    },
    {
      name: 'I2: a fault of ours',
      image: TAGGED,
      answer: new TypeError('secret in here'),
      outcome: 'undecided',
      code: 'CNS-3004',
    },
  ] as const)('$name', async ({ image, answer, outcome, ...rest }) => {
    const { engine } = engineOf({ validator: new FakeValidator(answer) });
    const verdict = await engine.verify(image, governed(engine), SOON);
    expect(verdict.outcome).toBe(outcome);
    expect('code' in verdict ? verdict.code : undefined).toBe('code' in rest ? rest.code : undefined);
    expect(Verdict.parse(verdict)).toEqual(verdict);
    expect(JSON.stringify(verdict)).not.toContain('secret');
  });

  test('a fault is told to the log, a refusal is not', async () => {
    const fault = new TypeError('ours');
    const { engine, faults } = engineOf({ validator: new FakeValidator(fault) });
    await engine.verify(TAGGED, governed(engine), SOON);
    expect(faults).toEqual([fault]);
    const other = engineOf({ validator: new FakeValidator(new RefusedError('CNS-1003', 'none')) });
    await other.engine.verify(TAGGED, governed(other.engine), SOON);
    expect(other.faults).toEqual([]);
  });

  test('a static proof needs no digest and is marked as what it is', async () => {
    const validator = new FakeValidator({ digest: undefined }, { ground: 'static' });
    const { engine } = engineOf({ validator });
    await expect(engine.verify(TAGGED, governed(engine), SOON)).resolves.toMatchObject({
      outcome: 'admitted',
      ground: 'static',
    });
  });

  test('J04: after the deadline nothing is begun', async () => {
    const validator = new FakeValidator({ digest: ONE });
    const { engine } = engineOf({ validator });
    const over = AbortSignal.abort(new DOMException('over', 'TimeoutError'));
    await expect(engine.verify(TAGGED, governed(engine), over)).resolves.toMatchObject({ code: 'CNS-2006' });
    expect(validator.asked).toBe(0);
  });

  test('what a validator throws because of the deadline is a deadline', async () => {
    const control = new AbortController();
    const validator = new FakeValidator(async (_image, { signal }) => {
      control.abort(new DOMException('over', 'TimeoutError'));
      throw new TypeError(`fetch failed ${String(signal.aborted)}`);
    });
    const { engine, faults } = engineOf({ validator });
    await expect(engine.verify(TAGGED, governed(engine), control.signal)).resolves.toMatchObject({
      code: 'CNS-2006',
    });
    expect(faults).toEqual([]);
  });

  test('one now for each verification', async () => {
    let now: Date | undefined;
    const validator = new FakeValidator(async (_image, context) => {
      now = context.now;
      return { digest: ONE };
    });
    const { engine } = engineOf({ validator });
    await engine.verify(TAGGED, governed(engine), SOON);
    expect(now).toEqual(new Date(0));
  });

  test('evidence beyond the contract does not cost the verdict', async () => {
    const validator = new FakeValidator(async (_image, { trace }) => {
      trace.add({ step: 'threshold', ok: true, text: 'x'.repeat(9_000), trustRoot: 'r'.repeat(253) });
      return { digest: ONE, notAfter: 1_700_000_000_000.5 };
    });
    const { engine } = engineOf({ validator });
    const verdict = await engine.verify(TAGGED, governed(engine), SOON);
    expect(Verdict.parse(verdict)).toMatchObject({ outcome: 'admitted', notAfter: 1_700_000_000_000 });
  });
});

describe('rules', () => {
  test.for([
    { name: 'a validator that is not there', setup: {} },
    {
      name: 'a validator that could not be set up',
      setup: { validator: new ValidatorSetupError('no secret') },
    },
    { name: 'a rule that the validator cannot apply', setup: { validator: new UnableValidator() } },
  ])('$name denies with CNS-3001, alone', async ({ setup }) => {
    const { engine } = engineOf(setup);
    const bound = governed(engine);
    expect(bound.kind).toBe('fault');
    await expect(engine.verify(TAGGED, bound, SOON)).resolves.toMatchObject({
      outcome: 'undecided',
      code: 'CNS-3001',
    });
  });

  test('a fault of ours while binding is not taken for one of the rule', () => {
    expect(() => engineOf({ validator: new UnableValidator(new RangeError('ours')) })).toThrow(RangeError);
  });

  test('are found by image and by hash, with their validator named', () => {
    const { engine } = engineOf({ validator: new FakeValidator({ digest: ONE }) });
    const bound = governed(engine);
    expect(bound.validator).toEqual({ name: 'team', type: 'cosign' });
    expect(engine.rule(bound.rule.hash)).toBe(bound);
    expect(engine.rule('f'.repeat(64))).toBeUndefined();
    expect(engine.explain(TAGGED)).toBeDefined();
  });

  test('H05: the trust revision changes with the credential scopes, and not with their order of use', () => {
    const [anonymous, named, again] = [[], ['team=a'], ['team=a']].map(
      (scopes) => engineOf({ scopes }).engine,
    );
    expect(anonymous?.trustRevision).not.toBe(named?.trustRevision);
    expect(again?.trustRevision).toBe(named?.trustRevision);
  });
});

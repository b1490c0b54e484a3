import { describe, expect, test } from 'vitest';

import { SigningKey } from '#testing';

import { isReached, type Quorum, resolveQuorum } from './quorum.js';
import { type TrustRootConfig, TrustRoots } from './trust-root.js';

const NAMES = ['a', 'b', 'c'];
const KEYS = new Map(NAMES.map((name) => [name, new SigningKey('P-256').publicKeyPem]));

function root(name: string, pem = KEYS.get(name) ?? ''): TrustRootConfig {
  return { name, material: { kind: 'key', pem } };
}

const trustRoots = new TrustRoots(
  'acme',
  NAMES.map((name) => root(name)),
);
const setupError = expect.objectContaining({ name: 'ValidatorSetupError', code: 'CNS-3001' });

function resolve(trustRoot: string, threshold?: number, required?: readonly string[]): Quorum {
  return resolveQuorum(
    {
      trustRoot,
      ...(threshold === undefined ? {} : { threshold }),
      ...(required === undefined ? {} : { required }),
    },
    trustRoots,
  );
}

const subsets = (names: readonly string[]): string[][] =>
  names.reduce<string[][]>((sets, name) => [...sets, ...sets.map((set) => [...set, name])], [[]]);

describe('C11: the semantics table', () => {
  test.for<{ trustRoot: string; threshold?: number; required?: string[]; looks: string; needs: number }>([
    { trustRoot: 'a', looks: 'a', needs: 1 },
    { trustRoot: 'a', threshold: 0, looks: 'a', needs: 1 },
    { trustRoot: 'a', threshold: 1, looks: 'a', needs: 1 },
    { trustRoot: 'a', required: ['a'], looks: 'a', needs: 1 },
    { trustRoot: 'a', threshold: 1, required: ['a'], looks: 'a', needs: 1 },
    { trustRoot: 'a', required: [], looks: 'a', needs: 1 },
    { trustRoot: '*', looks: 'abc', needs: 3 },
    { trustRoot: '*', threshold: 0, looks: 'abc', needs: 3 },
    { trustRoot: '*', threshold: 1, looks: 'abc', needs: 1 },
    { trustRoot: '*', threshold: 2, looks: 'abc', needs: 2 },
    { trustRoot: '*', threshold: 3, looks: 'abc', needs: 3 },
    { trustRoot: '*', required: ['b'], looks: 'b', needs: 1 },
    { trustRoot: '*', required: ['c', 'a'], looks: 'ca', needs: 2 },
    { trustRoot: '*', required: ['a', 'b', 'c'], looks: 'abc', needs: 3 },
    { trustRoot: '*', threshold: 1, required: ['a', 'b'], looks: 'ab', needs: 2 },
    { trustRoot: '*', threshold: 2, required: ['a', 'b'], looks: 'ab', needs: 2 },
    { trustRoot: '*', threshold: 2, required: ['a'], looks: 'abc', needs: 2 },
    { trustRoot: '*', threshold: 3, required: ['a', 'b'], looks: 'abc', needs: 3 },
    { trustRoot: '*', threshold: 2, required: ['a', 'a'], looks: 'abc', needs: 2 },
  ])(
    '$trustRoot threshold $threshold required $required',
    ({ trustRoot, threshold, required = [], looks, needs }) => {
      const quorum = resolve(trustRoot, threshold, required);
      expect(quorum.roots.map(({ name }) => name).join('')).toBe(looks);
      expect(quorum.threshold).toBe(needs);
      for (const signers of subsets(looks.split(''))) {
        const isEnough = signers.length >= needs && required.every((name) => signers.includes(name));
        expect(isReached(quorum, new Set(signers))).toBe(isEnough);
      }
    },
  );
});

describe('C12: what can never hold does not construct', () => {
  test.for<{ name: string; trustRoot: string; threshold?: number; required?: string[] }>([
    { name: 'a trust root that is not there', trustRoot: 'x' },
    { name: 'required of a trust root that is not there', trustRoot: '*', required: ['x'] },
    { name: 'required of somebody who is not looked at', trustRoot: 'a', required: ['b'] },
    { name: 'required of one who is and one who is not', trustRoot: 'a', required: ['a', 'b'] },
    { name: 'more than there are', trustRoot: '*', threshold: 4 },
    { name: 'two of one', trustRoot: 'a', threshold: 2 },
    { name: 'a negative threshold', trustRoot: '*', threshold: -1 },
    { name: 'half a signature', trustRoot: '*', threshold: 1.5 },
    { name: 'NaN', trustRoot: '*', threshold: Number.NaN },
    { name: 'infinitely many', trustRoot: '*', threshold: Infinity },
  ])('$name', ({ trustRoot, threshold, required }) => {
    expect(() => resolve(trustRoot, threshold, required)).toThrow(setupError);
  });

  test('no trust root at all', () => {
    expect(() => resolveQuorum({ trustRoot: '*' }, new TrustRoots('acme', []))).toThrow(setupError);
  });
});

describe('trust roots', () => {
  const unbuilt: TrustRootConfig = { name: 'k', material: { kind: 'unbuilt', what: 'keyless' } };
  const twin = root('twin', KEYS.get('a') ?? '');

  test.for<{
    name: string;
    roots: TrustRootConfig[];
    options: Parameters<typeof resolveQuorum>[0];
    ok: boolean;
  }>([
    {
      name: 'one that cannot be used yet, and is not',
      roots: [root('a'), unbuilt],
      options: { trustRoot: 'a' },
      ok: true,
    },
    {
      name: 'one that cannot be used yet',
      roots: [root('a'), unbuilt],
      options: { trustRoot: 'k' },
      ok: false,
    },
    {
      name: 'one of several that cannot be used yet',
      roots: [root('a'), unbuilt],
      options: { trustRoot: '*', threshold: 1 },
      ok: false,
    },
    {
      name: 'C09: one key under two names',
      roots: [root('a'), twin],
      options: { trustRoot: '*', threshold: 2 },
      ok: false,
    },
    { name: 'C09: one of the two names', roots: [root('a'), twin], options: { trustRoot: 'twin' }, ok: true },
  ])('$name', ({ roots, options, ok }) => {
    const resolved = (): Quorum => resolveQuorum(options, new TrustRoots('acme', roots));
    if (ok) expect(resolved().roots).toHaveLength(1);
    else expect(resolved).toThrow(setupError);
  });

  test.for([
    { name: 'one name twice', roots: [root('a'), root('a', KEYS.get('b'))] },
    { name: 'C46: a key that is a reference', roots: [root('a', 'k8s://ns/secret')] },
    { name: 'C19: two keys in one', roots: [root('a', `${KEYS.get('a')}${KEYS.get('b')}`)] },
  ])('$name is refused at once', ({ roots }) => {
    expect(() => new TrustRoots('acme', roots)).toThrow(setupError);
  });

  test('J06: a name of Object.prototype is a name like any other', () => {
    expect(() => trustRoots.select(['constructor'])).toThrow(setupError);
    expect(new TrustRoots('acme', [root('constructor', KEYS.get('a'))]).select(['constructor'])).toHaveLength(
      1,
    );
  });
});
